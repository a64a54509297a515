import assert from "node:assert/strict";
import type { Obtained } from "./obtain.ts";
import { movedByDeploy } from "./what_runs.ts";

const [first, second] = ["a", "b"].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];

function obtained(image: string, digest: string): Obtained {
  return { ok: true, image, digest, id: "sha256:1", bytes: 0, seconds: 0, from: "registry" };
}

function service(image: string) {
  return { Spec: { Name: "s_app", Labels: {}, Mode: {}, TaskTemplate: { ContainerSpec: { Image: image } } } };
}

Deno.test("a deploy that gave a tag another digest than the run found is seen", () => {
  const moved = (images: string[], known = [obtained("nginx:1", first)]) =>
    movedByDeploy(images.map(service), known)?.is ?? null;
  assert.equal(moved([`nginx:1@${second}`]), second);
  assert.equal(moved([`docker.io/library/nginx:1@${second}`]), second);
  assert.equal(moved([`nginx:1@${first}`, "nginx:1", `other:1@${second}`]), null);
  // Base and head may pin one tag to two digests.
  const pinned = [obtained(`nginx:1@${first}`, first), obtained(`nginx:1@${second}`, second)];
  assert.equal(moved([`nginx:1@${first}`, `nginx:1@${second}`], pinned), null);
});

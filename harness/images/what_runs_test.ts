import assert from "node:assert/strict";
import type { Obtained } from "./obtain.ts";
import { readRetryAfter } from "./retry_after.ts";
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

Deno.test("Retry-After is read as seconds and as a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(readRetryAfter("120", now), 120_000);
  assert.equal(readRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now), 60_000);
  assert.equal(readRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  assert.equal(readRetryAfter("soon", now), null);
  assert.equal(readRetryAfter(null, now), null);
});

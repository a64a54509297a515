import assert from "node:assert/strict";
import { isName, referenceOf } from "./reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

Deno.test("an image's name is taken apart as Docker does", () => {
  const parts = (image: string) => {
    const { registry, repository, version, pinned } = referenceOf(image);
    return [registry, repository, version, pinned];
  };
  assert.deepEqual(parts("nginx"), ["docker.io", "nginx", "latest", false]);
  assert.deepEqual(parts("docker.io/library/nginx:1.27"), ["docker.io", "nginx", "1.27", false]);
  assert.deepEqual(parts("miniflux/miniflux:2"), ["docker.io", "miniflux/miniflux", "2", false]);
  assert.deepEqual(parts("ghcr.io/a/b:1"), ["ghcr.io", "ghcr.io/a/b", "1", false]);
  assert.deepEqual(parts("localhost:5000/a"), ["localhost:5000", "localhost:5000/a", "latest", false]);
  assert.deepEqual(parts(`nginx:1@${digest}`), ["docker.io", "nginx", digest, true]);
  assert.deepEqual(parts(`ghcr.io/a/b@${digest}`), ["ghcr.io", "ghcr.io/a/b", digest, true]);
});

Deno.test("what could lead elsewhere in the engine's API is no name of an image", () => {
  for (const image of ["nginx", "ghcr.io/a/b:1", `nginx@${digest}`, "No/Name:1"]) {
    assert.ok(isName(image), image);
  }
  for (
    const image of ["", "a b", "../containers/x", "a/../b", "a?x=1", "a#b", "a%2f", "x:", "/a", "a//b", "é"]
  ) {
    assert.ok(!isName(image), image);
  }
});

import assert from "node:assert/strict";
import { isOf } from "./images.ts";

Deno.test("an image was given by a registry if it has a digest under its own name", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  assert.ok(isOf(`nginx@${digest}`, "nginx:1.27"));
  assert.ok(isOf(`nginx@${digest}`, `docker.io/library/nginx:1.27@${digest}`));
  assert.ok(isOf(`127.0.0.1:5000/x/nginx@${digest}`, "127.0.0.1:5000/x/nginx"));
  assert.ok(!isOf(`127.0.0.1:5000/nginx@${digest}`, "nginx:1.27"));
  assert.ok(!isOf(`other/nginx@${digest}`, "nginx"));
});

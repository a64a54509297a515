import assert from "node:assert/strict";
import { stuckIn } from "./supervise.ts";

Deno.test("a worker that is stuck in a stage in which no recipe runs is not held against the recipe", () => {
  assert.deepEqual(stuckIn("fetch", 300_000), {
    kind: "infra",
    cause: "It ran longer than 5 min 00 s",
    stage: "fetch",
  });
  assert.equal(stuckIn("lint", 1_000).kind, "infra");
  assert.equal(stuckIn("images", 1_000).kind, "infra");
  assert.equal(stuckIn("install", 1_000).kind, "timed_out");
  assert.equal(stuckIn("upgrade", 1_000).kind, "timed_out");
});

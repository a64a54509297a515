import assert from "node:assert/strict";
import { obstacleOf, selectStages, type StagePlan } from "./stage_plan.ts";

Deno.test("stages asked for bring what they need, and always a teardown", () => {
  assert.deepEqual(selectStages(null), [
    "fetch",
    "lint",
    "images",
    "install",
    "backup",
    "restore",
    "tests",
    "upgrade",
    "teardown",
  ]);
  assert.deepEqual(selectStages(["restore"]), [
    "fetch",
    "lint",
    "images",
    "install",
    "backup",
    "restore",
    "teardown",
  ]);
  assert.deepEqual(selectStages(["tests"]), ["fetch", "lint", "images", "install", "tests", "teardown"]);
  assert.deepEqual(selectStages(["upgrade"]), ["fetch", "lint", "images", "upgrade", "teardown"]);
  assert.deepEqual(selectStages(["lint"]), ["fetch", "lint", "teardown"]);
  assert.deepEqual(selectStages(["teardown"]), ["fetch", "teardown"]);
});

const install: StagePlan = { name: "install", lane: "install", needs: ["fetch"], deploys: true, seconds: 1 };
const report = (result: string, reason?: string) => ({ name: "fetch" as const, result, reason });

Deno.test("a stage is blocked by the first cause, not by the stage in between", () => {
  const blocked = (reports: ReturnType<typeof report>[], undeployable: string | null = null) => {
    const obstacle = obstacleOf(install, { reports, undeployable });
    return obstacle === null ? null : `${obstacle.result} ${obstacle.reason}`;
  };
  assert.equal(blocked([report("passed")]), null);
  assert.equal(blocked([report("failed")]), "blocked fetch");
  assert.equal(blocked([report("blocked", "the disk")]), "blocked the disk");
  assert.equal(blocked([]), "blocked fetch");
  assert.equal(blocked([report("passed")], "confinement"), "blocked confinement");
  assert.equal(
    obstacleOf({ ...install, deploys: false }, { reports: [report("passed")], undeployable: "confinement" }),
    null,
  );
});

Deno.test("what builds upon a stage that does not apply does not apply either, for the same reason", () => {
  const reports = [report("skipped", "no backup labels")];
  assert.deepEqual(obstacleOf(install, { reports, undeployable: null }), {
    result: "skipped",
    reason: "no backup labels",
  });
});

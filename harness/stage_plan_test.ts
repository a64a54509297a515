import assert from "node:assert/strict";
import { blockedBy, selectStages, type StagePlan } from "./stage_plan.ts";

Deno.test("stages asked for bring what they need, and always a teardown", () => {
  assert.deepEqual(selectStages(null), ["fetch", "lint", "install", "upgrade", "teardown"]);
  assert.deepEqual(selectStages(["upgrade"]), ["fetch", "lint", "upgrade", "teardown"]);
  assert.deepEqual(selectStages(["lint"]), ["fetch", "lint", "teardown"]);
  assert.deepEqual(selectStages(["teardown"]), ["fetch", "teardown"]);
});

const install: StagePlan = { name: "install", lane: "a", needs: ["fetch"], deploys: true };
const report = (result: string, reason?: string) => ({ name: "fetch" as const, result, reason });

Deno.test("a stage is blocked by the first cause, not by the stage in between", () => {
  const blocked = (reports: ReturnType<typeof report>[], undeployable: string | null = null) =>
    blockedBy(install, { reports, undeployable });
  assert.equal(blocked([report("passed")]), null);
  assert.equal(blocked([report("failed")]), "fetch");
  assert.equal(blocked([report("blocked", "the disk")]), "the disk");
  assert.equal(blocked([]), "fetch");
  assert.equal(blocked([report("passed")], "confinement"), "confinement");
  assert.equal(
    blockedBy({ ...install, deploys: false }, { reports: [report("passed")], undeployable: "confinement" }),
    null,
  );
});

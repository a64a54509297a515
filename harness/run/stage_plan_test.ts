import assert from "node:assert/strict";
import {
  obstacleOf,
  runSecondsFor,
  secondsOf,
  selectStages,
  type StagePlan,
  stagePlans,
} from "./stage_plan.ts";

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

Deno.test("a run that upgrades from more versions has the time of each, unless recipe.yml says how long it may take", () => {
  const settings = { RUN_DEADLINE_S: 2700, STAGE_DEADLINE_S: undefined, PULL_DEADLINE_S: undefined };
  const seconds = (timeouts: Record<string, number>, upgrades: number, stage?: number) =>
    runSecondsFor({ timeouts }, { settings: { ...settings, STAGE_DEADLINE_S: stage }, upgrades });
  const upgrade = stagePlans.find(({ name }) => name === "upgrade")?.seconds ?? 0;
  assert.equal(seconds({}, 1), null);
  assert.equal(seconds({}, 3), 2700 + 2 * upgrade);
  assert.equal(seconds({ upgrade: 100 }, 2), 2800);
  assert.equal(seconds({}, 2, 70), 2770);
  assert.equal(seconds({ run: 3000 }, 3), 3000);
});

Deno.test("a stage's time is that of recipe.yml, else its own setting's, else that of all stages, else the plan's", () => {
  const images = stagePlans.find(({ name }) => name === "images") ?? assert.fail();
  const settings = { RUN_DEADLINE_S: 2700, STAGE_DEADLINE_S: 5, PULL_DEADLINE_S: 7 };
  const of = (timeouts: Record<string, number>, said: Partial<typeof settings> = settings) =>
    secondsOf(images, { enrolment: { timeouts }, settings: { ...said, RUN_DEADLINE_S: 2700 } });
  assert.deepEqual([of({ images: 3 }), of({}), of({}, { STAGE_DEADLINE_S: 5 }), of({}, {})], [3, 7, 5, 900]);
});

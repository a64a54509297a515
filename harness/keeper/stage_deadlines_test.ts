import assert from "node:assert/strict";
import { WakingClock } from "../../common/testing/waking_clock.ts";
import { emptyReport } from "../run/stage.ts";
import { StageDeadlines } from "./stage_deadlines.ts";

/** Time that goes on when told to. */
function scene() {
  const clock = new WakingClock();
  const late: string[] = [];
  const stages = new StageDeadlines({ clock, late: (stage, ms) => void late.push(`${stage} after ${ms}`) });
  return {
    stages,
    late,
    pass: (seconds: number) => clock.pass(seconds),
  };
}

Deno.test("a stage that the worker does not end in its time is late; one that has ended is not", async () => {
  const { stages, late, pass } = scene();
  stages.see({ type: "deadline", stage: "install", ms: 60_000 });
  stages.see({ type: "deadline", stage: "upgrade", ms: 60_000 });
  const report = emptyReport("install", "passed");
  stages.see({ type: "event", event: { t: new Date(0).toISOString(), type: "stage.finished", report } });
  await pass(60);
  assert.deepEqual(late, []);
  await pass(15);
  assert.deepEqual(late, ["upgrade after 60000"]);
});

Deno.test("a stage that begins anew has its time anew", async () => {
  const { stages, late, pass } = scene();
  stages.see({ type: "deadline", stage: "upgrade", ms: 60_000 });
  await pass(50);
  stages.see({ type: "deadline", stage: "upgrade", ms: 60_000 });
  await pass(50);
  assert.deepEqual(late, []);
  await pass(25);
  assert.deepEqual(late, ["upgrade after 60000"]);
});

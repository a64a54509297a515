import assert from "node:assert/strict";
import { WakingClock } from "../../common/testing/waking_clock.ts";
import type { StageName } from "../../protocol/result.ts";
import type { WorkerMessage } from "../run/messages.ts";
import { emptyReport } from "../run/stage.ts";
import { type LateEnd, RunDeadline, runLimitOf } from "./run_deadline.ts";

const t = "2026-11-23T12:00:00Z";
const starts = (stage: StageName): WorkerMessage => ({
  type: "event",
  event: { t, type: "stage.started", stage },
});
const ends = (stage: StageName): WorkerMessage => ({
  type: "event",
  event: { t, type: "stage.finished", report: emptyReport(stage, "passed") },
});

/** A run that may take 100 s, and a clock that goes on when told to and wakes those whose time has come. */
function scene({ wholeMs = null }: { wholeMs?: number | null } = {}) {
  const ends: LateEnd[] = [];
  const clock = new WakingClock();
  const deadline = new RunDeadline({ ms: 100_000, mostMs: 150_000, wholeMs }, {
    clock,
    late: (end) => void ends.push(end),
  });
  return {
    deadline,
    pass: (seconds: number) => clock.pass(seconds),
    late: () => ends.length,
    ends,
  };
}

Deno.test("a run that takes longer than it may is late, once", async () => {
  const run = scene();
  run.deadline.see(starts("install"));
  await run.pass(99);
  assert.equal(run.late(), 0);
  await run.pass(1);
  await run.pass(100);
  assert.equal(run.late(), 1);
});

Deno.test("the time in which images are pulled is not the run's, and the time before it is", async () => {
  const run = scene();
  await run.pass(40);
  run.deadline.see(starts("images"));
  await run.pass(900);
  run.deadline.see(ends("images"));
  await run.pass(59);
  assert.equal(run.late(), 0);
  await run.pass(1);
  assert.equal(run.late(), 1);
});

Deno.test("where an engine ends the run, it ends before, for want of the host's time and not the recipe's", async () => {
  const run = scene({ wholeMs: 130_000 });
  run.deadline.see(starts("images"));
  await run.pass(120);
  run.deadline.see(ends("images"));
  await run.pass(9);
  assert.equal(run.late(), 0);
  await run.pass(1);
  assert.match(
    run.ends.map(({ kind, cause }) => `${kind}: ${cause}`).join(),
    /^infra: The run took longer than 2 min 30 s with the/,
  );
});

Deno.test("an engine's run that takes too long by itself is late as any other, and one that has ended never is", async () => {
  const slow = scene({ wholeMs: 150_000 });
  await slow.pass(100);
  assert.deepEqual(slow.ends.map(({ kind }) => kind), ["timed_out"]);
  const ended = scene({ wholeMs: 150_000 });
  ended.deadline[Symbol.dispose]();
  await ended.pass(200);
  assert.equal(ended.late(), 0);
});

Deno.test("the wait for its turn is a part of the time that an engine gives a run", () => {
  const settings = { RUN_DEADLINE_S: 2700, RUN_DEADLINE_MAX_S: 3300 };
  const now = Date.parse(t);
  const of = (minutesAgo: number, engine: boolean) =>
    runLimitOf(settings, { startedAt: new Date(now - 60_000 * minutesAgo).toISOString(), engine, now })
      .wholeMs;
  assert.deepEqual([of(0, true), of(20, true), of(70, true), of(20, false)], [3_300_000, 2_100_000, 0, null]);
});

Deno.test("images that are not pulled at all leave the time as it is", async () => {
  const run = scene();
  await run.pass(60);
  run.deadline.see(ends("images"));
  await run.pass(40);
  assert.equal(run.late(), 1);
});

Deno.test("a run that has ended is never late", async () => {
  const run = scene();
  run.deadline[Symbol.dispose]();
  await run.pass(1_000);
  assert.equal(run.late(), 0);
});

Deno.test("recipe.yml may ask for more time, or for less, and the time that is over counts", async () => {
  const longer = scene();
  await longer.pass(30);
  longer.deadline.see({ type: "run-limit", seconds: 140 });
  await longer.pass(109);
  assert.equal(longer.late(), 0);
  await longer.pass(1);
  assert.deepEqual(longer.ends, [{ kind: "timed_out", cause: "The run took longer than 2 min 20 s" }]);
  const shorter = scene();
  shorter.deadline.see(starts("images"));
  shorter.deadline.see({ type: "run-limit", seconds: 40 });
  await shorter.pass(900);
  assert.equal(shorter.late(), 0);
  shorter.deadline.see(ends("images"));
  await shorter.pass(40);
  assert.equal(shorter.late(), 1);
});

Deno.test("a run that needs more time than the host gives is not the recipe's failure", async () => {
  const run = scene();
  run.deadline.see({ type: "run-limit", seconds: 4000 });
  await run.pass(149);
  assert.equal(run.late(), 0);
  await run.pass(1);
  const cause =
    "The run took longer than 2 min 30 s, the most that this host gives (CCCI_RUN_DEADLINE_MAX_S); recipe.yml asks for 1 h 06 min";
  assert.deepEqual(run.ends, [{ kind: "infra", cause }]);
});

import { deepEqual, equal, match } from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { TestOutcome } from "../recipe_tests/runner.ts";
import { onceSettled } from "./after_restore.ts";

const good: TestOutcome = {
  ok: true,
  passed: 1,
  failed: 0,
  skipped: 0,
  failures: [],
  problem: null,
  cause: null,
  screenshots: [],
  seconds: 1,
};
const bad: TestOutcome = { ...good, ok: false, passed: 0, failed: 1, cause: "read-only transaction" };

/** Runs tests that take a second each, for an app that was restored at 0; writing works from `works` on. */
async function scene(
  works: number,
  { restoredAt = 0, failure = bad }: { restoredAt?: number | null; failure?: TestOutcome } = {},
) {
  let runs = 0;
  const notes: string[] = [];
  const clock = new FakeClock(0);
  const ctx = {
    clock,
    log: () => {},
    note: (text: string) => void notes.push(text),
    signal: new AbortController().signal,
  };
  const { ok } = await onceSettled(() => {
    runs++;
    clock.pass(1);
    return Promise.resolve(clock.now() >= works ? good : failure);
  }, { restoredAt, ctx });
  return { ok, runs, notes };
}

Deno.test("an app that takes writes some seconds after its restore is waited for, and that is said", async () => {
  const { ok, runs, notes } = await scene(8_000);
  equal(ok, true);
  equal(runs, 5);
  match(notes.join("\n"), /passed 9\.0 s after the restore, and failed sooner: read-only transaction/);
});

Deno.test("one that never takes them fails when its time is over", async () => {
  const { ok, runs, notes } = await scene(Infinity);
  deepEqual([ok, runs, notes], [false, 11, []]);
});

Deno.test("tests of an app that was not restored, and tests that do not load, are run once", async () => {
  deepEqual(await scene(Infinity, { restoredAt: null }), { ok: false, runs: 1, notes: [] });
  const failure: TestOutcome = { ...bad, problem: "type-error" };
  deepEqual(await scene(Infinity, { failure }), { ok: false, runs: 1, notes: [] });
  deepEqual(await scene(0), { ok: true, runs: 1, notes: [] });
});

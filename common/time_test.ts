import assert from "node:assert/strict";
import { ago, type Clock, formatRoughly, formatSeconds, pollUntil, waitFor } from "./time.ts";

Deno.test("a measured time is told to the second, and to the minute once it is hours", () => {
  const told = [0, 0.44, 9.94, 9.96, 59.4, 59.6, 185, 600, 3599.6, 3840].map((seconds) =>
    formatSeconds(seconds * 1000)
  );
  assert.deepEqual(told, [
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "3 min 05 s",
    "10 min 00 s",
    "1 h 00 min",
    "1 h 04 min",
  ]);
});

Deno.test("an age or an estimate is told in one unit", () => {
  const told = [0, 4.4, 9.6, 43, 54, 56, 89, 91, 372, 3569, 3571, 5_500, 86_000, 130_000, 1.8e6, 4e6, 1e7]
    .map((
      seconds,
    ) => formatRoughly(seconds * 1000));
  assert.deepEqual(told, [
    "1 s",
    "4 s",
    "10 s",
    "40 s",
    "50 s",
    "1 min",
    "1 min",
    "2 min",
    "6 min",
    "59 min",
    "1 h",
    "2 h",
    "1 day",
    "2 days",
    "3 weeks",
    "7 weeks",
    "4 months",
  ]);
});

Deno.test("the dashboard's script tells ages as the server does", async () => {
  const script = await Deno.readTextFile(new URL("../dashboard/assets/enhance.js", import.meta.url));
  const text = /^function ago\(ms\) \{\n.*?^\}/ms.exec(script)?.[0] ?? "";
  const inBrowser = new Function(`return (${text})`)();
  for (let ms = 0; ms < 1e11; ms = ms * 1.01 + 97) assert.equal(inBrowser(ms), ago(ms));
});

/**
 * Time passes only while somebody sleeps.
 * @param step milliseconds by which somebody sets the wall clock during the first sleep
 */
function sleepers(step = 0): Clock & { slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => 1e12 + now + (slept.length > 0 ? step : 0),
    elapsed: () => now,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      now += ms;
      slept.push(ms);
      return Promise.resolve();
    },
  };
}

Deno.test("pollUntil() tells what is missing when that changes, and returns what it waited for", async () => {
  const clock = sleepers();
  const looks = [{ missing: "one" }, { missing: "one" }, { missing: "two" }, { done: 7 }];
  const told: string[] = [];
  const seen = await pollUntil(() => looks.shift() ?? assert.fail("it looks no more"), {
    everyMs: 200,
    clock,
    onChange: (missing) => told.push(missing),
    limit: { ms: 60_000, error: () => new Error("late") },
  });
  assert.equal(seen, 7);
  assert.deepEqual(told, ["one", "two"]);
  assert.deepEqual(clock.slept, [200, 200, 200]);
});

Deno.test("pollUntil() asks less often who is slow to answer, within limits", async () => {
  const clock = sleepers();
  const took = [50, 300, 30_000, 10];
  await pollUntil(async () => {
    const ms = took.shift();
    if (ms === undefined) return { done: true };
    await clock.sleep(ms);
    return { missing: "all" };
  }, { everyMs: 200, clock, limit: { ms: 60_000, error: () => new Error("late") } });
  assert.deepEqual(clock.slept, [50, 200, 300, 600, 30_000, 2_000, 10, 200]);
});

Deno.test("pollUntil() looks once more when the time is over, and then throws what was asked for", async () => {
  const clock = sleepers();
  let looks = 0;
  const options = {
    everyMs: 400,
    clock,
    limit: { ms: 1_000, error: (missing: string) => Promise.resolve(new Error(`no ${missing}`)) },
  };
  await assert.rejects(pollUntil(() => ({ missing: `look ${++looks}` }), options), { message: `no look 4` });
  assert.deepEqual(clock.slept, [400, 400, 200]);
});

for (const [how, step] of [["back", -10_000], ["forward", 3_600_000]] as const) {
  Deno.test(`pollUntil() keeps its limit when the wall clock is set ${how}`, async () => {
    const clock = sleepers(step);
    const options = { everyMs: 400, clock, limit: { ms: 1_000, error: () => new Error("late") } };
    await assert.rejects(pollUntil(() => ({ missing: "all" }), options), { message: "late" });
    assert.deepEqual(clock.slept, [400, 400, 200]);
  });
}

Deno.test("pollUntil() ends with its signal and with what a look throws", async () => {
  const limit = { ms: 1_000, error: () => new Error("late") };
  const stop = new AbortController();
  const stopped = pollUntil(() => {
    stop.abort(new Error("cancelled"));
    return { missing: "all" };
  }, { everyMs: 1, clock: sleepers(), signal: stop.signal, limit });
  await assert.rejects(stopped, /cancelled/);
  const broken = pollUntil(() => Promise.reject(new Error("broken")), {
    everyMs: 1,
    clock: sleepers(),
    limit,
  });
  await assert.rejects(broken, /broken/);
});

Deno.test("waitFor() names what it waited for, and how long", async () => {
  const wait = { what: "the moon", timeoutMs: 3_000, clock: sleepers() };
  await assert.rejects(waitFor(() => false, wait), { code: "wait.timeout", message: /3.0 s for the moon/ });
  assert.equal(await waitFor(() => "there", wait), "there");
});

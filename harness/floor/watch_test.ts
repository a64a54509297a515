import assert from "node:assert/strict";
import type { Clock } from "../../common/time.ts";
import type { AppLimits } from "./limits.ts";
import { AppWatch, type Gauges } from "./watch.ts";

const limits: AppLimits = { memoryBytes: 512e6, diskBytes: 100e6, processes: 10, cpus: 1 };

/** Time that passes as soon as somebody waits for it. */
function quickClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    elapsed: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve(); // others get their turn
      signal?.throwIfAborted();
    },
  };
}

function watch(gauges: Partial<Gauges> = {}) {
  const stopped: string[] = [];
  const whole: Gauges = {
    free: () => Promise.resolve(1e9),
    written: () => Promise.resolve(0),
    stop: () => Promise.resolve(void stopped.push("stopped")),
    available: () => 4e9,
    ...gauges,
  };
  return { watch: new AppWatch(limits, whole, { clock: quickClock() }), stopped };
}

const until = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("told to stop"))));

for (
  const [what, exceed, message] of [
    ["memory", (one: AppWatch) => one.sawMemory(513e6), "Used more than 512 MB of memory"],
    [
      "memory of old and new containers side by side",
      (one: AppWatch) => one.sawMemory(513e6, ["app"]),
      'Used more than 512 MB of memory, with more than one container of service "app" at a time',
    ],
    ["containers", (one: AppWatch) => one.sawContainers(81), "Used more than 80 containers"],
    [
      "a process that the kernel ended",
      (one: AppWatch) => void one.sawKill({ service: "db", allowed: null }),
      'Used more than 512 MB of memory, in service "db"',
    ],
  ] as const
) {
  Deno.test(`an app that uses too much is ended at once, and its stage fails: ${what}`, async () => {
    const { watch: one, stopped } = watch();
    await assert.rejects(
      one.during(async (signal) => {
        exceed(one);
        await until(signal);
      }),
      { message, code: "floor.exceeded" },
    );
    assert.deepEqual(stopped, ["stopped"]);
  });
}

Deno.test("the disk is added up when it has lost a part of what may be written", async () => {
  let asked = 0;
  const frees = [1e9, 1e9, 0.99e9, 0.89e9, 0.7e9];
  const { watch: one } = watch({
    free: () => Promise.resolve(frees.length > 1 ? frees.shift() ?? 0 : frees[0] ?? 0),
    written: () => Promise.resolve([90e6, 101e6][asked++] ?? 0),
  });
  await assert.rejects(one.during(until), { message: "Used more than 100 MB of disk" });
  assert.equal(asked, 2);
});

Deno.test("what others write to the disk is not the app's", async () => {
  let free = 1e9;
  let looks = 0;
  const done = Promise.withResolvers<void>();
  const { watch: one, stopped } = watch({
    free: () => Promise.resolve(free -= 50e6),
    written() {
      if (++looks === 3) done.resolve();
      return Promise.resolve(5e6);
    },
  });
  await one.during(() => done.promise);
  assert.deepEqual(stopped, []);
});

Deno.test("where nothing can be added up, what the disk has lost counts", async () => {
  let free = 1e9;
  const { watch: one } = watch({
    free: () => Promise.resolve(free -= 40e6),
    written: () => Promise.reject(new Error("Docker is away")),
  });
  await assert.rejects(one.during(until), { message: "Used more than 100 MB of disk" });
});

Deno.test("work that does not stop when it is told to is not waited for", async () => {
  const { watch: one } = watch();
  await assert.rejects(
    one.during(async () => {
      one.sawMemory(513e6);
      await new Promise(() => {});
    }),
    { code: "floor.exceeded" },
  );
});

Deno.test("an app that runs out of the memory that its own compose file allows it goes on", async () => {
  const { watch: one, stopped } = watch();
  await one.during(() => {
    assert.equal(one.sawKill({ service: "db", allowed: 100e6 }), false);
    return Promise.resolve();
  });
  assert.deepEqual(stopped, []);
});

Deno.test("work that ends, or fails, by itself does so as if nobody watched", async () => {
  await watch().watch.during(() => Promise.resolve());
  await assert.rejects(watch().watch.during(() => Promise.reject(new Error("no"))), { message: "no" });
});

/** An app of which a process is killed when it has held so much, on a machine on which so much was available before. */
async function killed({ held, available }: { held: number; available: number }) {
  let left = available;
  const looked = Promise.withResolvers<void>();
  const { watch: one, stopped } = watch({
    available: () => left,
    free() {
      looked.resolve();
      return Promise.resolve(1e9);
    },
  });
  const ended = one.during(async (signal) => {
    await looked.promise;
    one.sawMemory(held);
    left = 4e9; // the kill has freed it
    one.sawKill({ service: "db", allowed: null });
    await until(signal);
  });
  const error = await ended.then(() => assert.fail("The app was not ended"), (error: unknown) => error);
  assert.deepEqual(stopped, ["stopped"]);
  assert.equal(one.ended, true);
  assert.ok(error instanceof Error);
  return "code" in error ? `${error.code}: ${error.message}` : error.message;
}

Deno.test("a process that the kernel ended because the machine had no memory is not held against the app", async () => {
  assert.equal(
    await killed({ held: 100e6, available: 50e6 }),
    'stage.infra: No memory was left on this machine when the kernel ended a process of service "db"',
  );
});

Deno.test("an app that was near its limit, or had room on the machine to reach it, was ended for its own use", async () => {
  assert.match(await killed({ held: 400e6, available: 50e6 }), /^floor\.exceeded: Used more than 512 MB/);
  assert.match(await killed({ held: 100e6, available: 3e9 }), /^floor\.exceeded: Used more than 512 MB/);
});

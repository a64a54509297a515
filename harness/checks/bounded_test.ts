import assert from "node:assert/strict";
import { forgetLimits } from "../floor/limits.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { bounded, excessOf } from "./bounded.ts";
import type { RunContext } from "./context.ts";

const run = {
  plan: { apps: [{ lane: "install", stack: "cust-0a1b2c_ci_localhost" }] },
  exceeded: new Map([["install", "backup"]]),
} as unknown as RunContext;
const ctx = {} as StageContext;

Deno.test("an app that was ended because it used too much is not worked with any more", async () => {
  const work = () => Promise.reject(new Error("must not be tried"));
  await assert.rejects(bounded("install", work)(run, ctx), { code: "stage.blocked", message: "backup" });
});

Deno.test("a stage without an app is nobody's to watch", async () => {
  const worked: unknown[] = [];
  await bounded(null, (...given) => Promise.resolve(void worked.push(...given)))(run, ctx);
  assert.deepEqual(worked, [run, ctx]);
});

Deno.test("a published version that uses too much is not held against the head", () => {
  const excess = new StageFailure("The app used 2 GiB of memory", { code: "floor.exceeded" });
  const of = (version: string | null) => excessOf(excess, { version, ctx: { log: () => {} } }) as Error;
  assert.equal(of(null), excess);
  assert.deepEqual([of("1.0.0+1").name, of("1.0.0+1").message], [
    "StageBlocked",
    "the published version 1.0.0+1, which uses more than an app may: The app used 2 GiB of memory",
  ]);
});

/** A run with one app, whose containers are as many as `containers` says. */
function watchedRun(stack: string, seen: { containers: () => number; stayedUp: () => Promise<void> }) {
  const ended = Promise.withResolvers<void>();
  const swarm = {
    info: () => Promise.resolve({ DockerRootDir: "/" }),
    containers: () =>
      Promise.resolve(
        Array.from({ length: seen.containers() }, (_, Id) => ({ Id, State: "running", Labels: {} })),
      ),
    stop: () => Promise.resolve(ended.resolve()),
    ask: () => Promise.resolve([]),
    docker: {
      getEvents: () => Promise.reject(new Error("Nobody listens")),
      getContainer: () => ({ stats: () => Promise.reject(new Error("Nobody measures")) }),
    },
  } as unknown as Swarm;
  const run = {
    plan: { apps: [{ lane: "install", stack }], settings: { RUN_DISK: 5_000 } },
    enrolment: {},
    exceeded: new Map(),
    swarm,
    app: () => ({ published: null, stayedUp: seen.stayedUp }),
  } as unknown as RunContext;
  return { run, ended: ended.promise };
}

Deno.test("an app that uses too much while it is looked at last is blamed for that, not for having been ended", async () => {
  const stack = "many-0a1b2c_ci_localhost";
  let worked = false;
  const { run, ended } = watchedRun(stack, {
    containers: () => worked ? 81 : 1,
    stayedUp: async () => {
      await ended;
      throw new StageFailure('Service "app" has ended');
    },
  });
  const ctx = {
    stage: "install",
    signal: new AbortController().signal,
    resources: () => {},
    decided: () => {},
  } as unknown as StageContext;
  try {
    const works = bounded("install", () => Promise.resolve(void (worked = true)))(run, ctx);
    await assert.rejects(works, { message: "Used more than 80 containers" });
  } finally {
    await forgetLimits(stack);
  }
  assert.deepEqual([...run.exceeded], [["install", "install"]]);
});

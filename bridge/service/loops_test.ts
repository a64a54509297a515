import assert from "node:assert/strict";
import { type Clock, waitFor } from "../../common/time.ts";
import type { BridgeDeps } from "./bridge.ts";
import { run } from "./loops.ts";
import { allStages } from "../testing/scenes.ts";
import { commits, repo, World } from "../testing/world.ts";

/** Passes a tenth of a second of the world's time for each pause of a loop, and lets everything else have its turn. */
function quick(world: World): Clock {
  return {
    now: () => world.clock.now(),
    elapsed: () => world.clock.elapsed(),
    sleep: (_ms, signal) => {
      world.clock.pass(0.1);
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, 0);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        }, { once: true });
      });
    },
  };
}

async function soon(what: string, holds: () => boolean): Promise<void> {
  await waitFor(() => Promise.resolve(holds() || undefined), { what, timeoutMs: 120_000, everyMs: 1 });
}

/** A bridge that runs by itself, as it does in production. */
function running(world: World, changes: Partial<BridgeDeps> = {}) {
  const stop = new AbortController();
  const ended = run({ ...world.deps(), clock: quick(world), ...changes }, {
    ...{ listen: "127.0.0.1:0", pollMs: 1_000, webhookSecret: null },
    signal: stop.signal,
  });
  return {
    stop,
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      world[Symbol.dispose]();
    },
  };
}

/** A bridge that has watched for a while. */
async function watching(world: World, changes: Partial<BridgeDeps> = {}) {
  const pull = world.gitea.openPull(repo, commits.first);
  const bridge = running(world, changes);
  await soon("it watches", () => (world.store.owner("recipe-maintainers")?.cursor ?? 0) > 0);
  return { ...bridge, pull, [Symbol.asyncDispose]: () => bridge[Symbol.asyncDispose]() };
}

Deno.test("the bridge's loops bring a command to its verdict, though rounds fail in between", async () => {
  const world = new World();
  let failures = 0;
  await using bridge = await watching(world, {
    readMaintenance: () => ++failures % 2 === 0 ? Promise.reject(new Error("disk")) : Promise.resolve(null),
  });
  world.gitea.say(bridge.pull, { user: "maintainer", body: "!testme" });
  await soon("it starts", () => world.started().length === 1);
  const [name = ""] = world.started();
  await soon("the dashboard knows it", () => world.dashboard.runs.has(name));
  world.dashboard.result(name, { result: "passed", stages: allStages });
  world.finish(name, "passed");
  await soon("the verdict is there", () => /^✅/.test(world.bodies()[0] ?? ""));
  assert.ok(failures > 2);
});

Deno.test("an engine that hangs over one run holds up neither another's verdict nor a cancel", async () => {
  const world = new World({ capacity: 2 });
  const { engine } = world.deps();
  const hangs = Promise.withResolvers<void>();
  let hanging = 0;
  await using bridge = await watching(world, {
    engine: {
      ...{ name: engine.name, capacity: 2, seesDeath: true },
      problems: () => engine.problems(),
      state: (name, memory) => engine.state(name, memory),
      cancel: (name, options) => engine.cancel(name, options),
      async start(params) {
        if (params.PR === "1") {
          hanging++;
          await hangs.promise;
        }
        return await engine.start(params);
      },
    },
  });
  const [second, third] = [1, 2].map(() => world.gitea.openPull(repo, commits.second));
  assert.ok(second !== undefined && third !== undefined);
  for (const pull of [bridge.pull, second, third]) {
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  }
  await soon("the second starts", () => world.started().length === 1);
  world.gitea.say(third, { user: "maintainer", body: "!testme cancel" });
  await soon("the third is cancelled", () => world.bodies().some((body) => /^⏹️/.test(body)));
  const [name = ""] = world.started();
  await soon("the dashboard knows it", () => world.dashboard.runs.has(name));
  world.dashboard.result(name, { result: "failed", stages: allStages });
  world.finish(name, "failed");
  await soon("the second's verdict is there", () => world.bodies().some((body) => /^❌/.test(body)));
  assert.equal(hanging, 1, "and nothing is started twice");
  hangs.resolve();
  await soon("the first starts", () => world.started().length === 2);
});

for (const call of ["comment", "start"] as const) {
  Deno.test(`a bridge that is told to stop finishes the ${call} it is in, and leaves nothing behind`, async () => {
    const world = new World();
    const under = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const held = async () => {
      under.resolve();
      await answered.promise;
    };
    const { forge, engine } = world.deps();
    await using bridge = await watching(world, {
      forge: {
        ...forge,
        async createComment(comment) {
          if (call === "comment") await held();
          return await forge.createComment(comment);
        },
      },
      engine: {
        ...engine,
        async start(params) {
          if (call === "start") await held();
          return await engine.start(params);
        },
      },
    });
    world.gitea.say(bridge.pull, { user: "maintainer", body: "!testme" });
    await under.promise;
    bridge.stop.abort();
    let over = false;
    void bridge.ended.then(() => over = true);
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(over, false);
    answered.resolve();
    await bridge.ended;
    const [run = assert.fail()] = world.store.liveRuns();
    assert.equal(world.bodies().length, 1);
    assert.notEqual(world.store.post(`run:${run.id}`)?.id, null, "and remembers what came of it");
    if (call === "start") assert.equal(run.state, "running");
  });
}

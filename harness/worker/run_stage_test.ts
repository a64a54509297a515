import assert from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { systemClock } from "../../common/time.ts";
import type { StageName } from "../../protocol/result.ts";
import { bounded } from "../checks/bounded.ts";
import type { RunContext } from "../checks/context.ts";
import { SeedMistake } from "../checks/data.ts";
import { fromBase } from "../checks/from_base.ts";
import { forgetLimits } from "../floor/limits.ts";
import type { WorkerMessage } from "../run/messages.ts";
import { Redactor } from "../run/redact.ts";
import { StageBlocked, StageFailure } from "../run/stage.ts";
import { stagePlans } from "../run/stage_plan.ts";
import { runStage } from "./run_stage.ts";

const STACK = "late-0a1b2c_ci_localhost";

/** Work that goes on until the stage's time is over. */
const waits: Parameters<typeof runStage>[1]["work"] = (_run, { signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new StageFailure("What waited was told to stop")));
  });

/** Runs a stage that does not end by itself, unless its work does, and says what became of it and which stages the keeper hears are late. */
async function hang(
  name: StageName,
  {
    published = null,
    engine = ["monday"],
    work = waits,
    measured = () => Promise.resolve([]),
    seconds = 0.001,
    containers = 0,
  }: {
    published?: string | null;
    engine?: (string | null)[];
    work?: Parameters<typeof runStage>[1]["work"];
    /** The Engine's answer to the question what containers have written. */
    measured?: () => Promise<[]>;
    /** The stage's time. */
    seconds?: number;
    /** How many run of its app. */
    containers?: number;
  },
) {
  const late: StageName[] = [];
  const run = {
    providing: null,
    further: [],
    plan: {
      stages: [name],
      apps: [{ lane: "install", stack: STACK }, { lane: "upgrade" }],
      settings: { RUN_DISK: 5_000 },
    },
    exceeded: new Map(),
    enrolment: { skip: [], timeouts: { [name]: seconds } },
    swarm: {
      startedAt() {
        const started = engine.length > 1 ? engine.shift() : engine[0];
        return started === null ? Promise.reject(new Error("Docker is away")) : Promise.resolve(started);
      },
      info: () => Promise.resolve({ DockerRootDir: "/" }),
      containers: () =>
        Promise.resolve(
          Array.from({ length: containers }, (_, Id) => ({ Id, State: "running", Labels: {} })),
        ),
      stop: () => Promise.resolve(),
      ask: measured,
      docker: {
        getEvents: () => Promise.reject(new Error("Nobody listens")),
        getContainer: () => ({ stats: () => Promise.reject(new Error("Nobody measures")) }),
      },
    },
    clock: systemClock,
    movedTags: [],
    redactor: new Redactor(),
    app: () => ({ published }),
    send(message: WorkerMessage) {
      if (message.type === "timed-out") late.push(message.stage);
    },
  } as unknown as RunContext;
  const plan = stagePlans.find((one) => one.name === name) ?? assert.fail(`There is no stage ${name}`);
  const { result, cause, reason, fault = null } = await runStage(run, {
    plan,
    obstacle: null,
    work,
  });
  return { told: `${result} ${cause ?? reason}`, late, fault };
}

Deno.test("a stage in which the recipe runs out of time fails, and ends the run", async () => {
  const { told, late } = await hang("install", {});
  assert.match(told, /^failed Ran longer than /);
  assert.deepEqual(late, ["install"]);
});

for (
  const [what, engine, why] of [
    ["was restarted meanwhile", ["monday", "tuesday"], /^infra Docker was restarted/],
    ["stopped answering", ["monday", null], /^infra Docker stopped answering/],
  ] as const
) {
  Deno.test(`a stage that is late because Docker ${what} is the machine's, and does not end the run`, async () => {
    const { told, late } = await hang("install", { engine: [...engine] });
    assert.match(told, why);
    assert.deepEqual(late, []);
  });
}

Deno.test("a mistake of the enrolment that ends a stage infra is said to be that, unless the machine was in trouble meanwhile", async () => {
  const work = () => Promise.reject(new SeedMistake("recipe.yml: seed wrote nothing that read finds"));
  const mistake = await hang("backup", { work, seconds: 2 });
  assert.deepEqual([mistake.told, mistake.fault], [
    "infra recipe.yml: seed wrote nothing that read finds",
    "enrolment",
  ]);
  const restarted = await hang("backup", { work, seconds: 2, engine: ["monday", "tuesday"] });
  assert.deepEqual([restarted.told, restarted.fault], ["infra Docker was restarted meanwhile", null]);
});

Deno.test("a published version that does not end in time blocks the upgrade to the head", async () => {
  const { told, late } = await hang("upgrade", { published: "1.0.0+2" });
  assert.match(told, /^blocked the published version 1\.0\.0\+2, which does not end in time: Ran longer/);
  assert.deepEqual(late, []);
});

for (const name of ["fetch", "lint", "images"] as const) {
  Deno.test(`the time of stage ${name} runs out for reasons that are not the recipe's`, async () => {
    const { told, late } = await hang(name, {});
    assert.match(told, /^infra Ran longer than /);
    assert.deepEqual(late, []);
  });
}

Deno.test("a stage that had failed before its time was over failed for that reason, however long what it used is added up", async () => {
  const work = bounded("install", () => Promise.reject(new StageFailure("The app crashes")));
  const { told, late } = await hang("install", { work, measured: () => new Promise(() => {}), seconds: 2 });
  await forgetLimits(STACK);
  assert.equal(told, "failed The app crashes");
  assert.deepEqual(late, []);
});

Deno.test("an app that was ended for what it used is blamed for that, also where its end outlasts the stage's time", async () => {
  // The app has ended only once the stage's time is over, though it was told to before.
  const work: typeof waits = (run, ctx) =>
    bounded(
      "install",
      () =>
        new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => reject(new Error("It was ended")))
        ),
    )(run, ctx);
  const { told, late } = await hang("install", { work, containers: 81, seconds: 2 });
  await forgetLimits(STACK);
  assert.equal(told, "failed Used more than 80 containers");
  assert.deepEqual(late, []);
});

/** Goes through stage upgrade from several versions, of each of which `works` says what becomes. */
async function upgraded(works: Record<string, () => Promise<void>>) {
  const deadlines: number[] = [];
  const [first = "", ...further] = Object.keys(works);
  const run = {
    providing: null,
    plan: { stages: ["upgrade"], apps: [], settings: {} },
    enrolment: { skip: [], timeouts: { upgrade: 40 } },
    swarm: { startedAt: () => Promise.resolve("monday") },
    clock: new FakeClock(),
    movedTags: [],
    redactor: new Redactor(),
    base: { version: first, commit: "0" },
    further: [],
    send(message: WorkerMessage) {
      if (message.type === "deadline") deadlines.push(message.ms);
    },
  } as unknown as RunContext;
  run.further = further.map((version) => fromBase(run, { version, commit: "0" }));
  const plan = stagePlans.find((one) => one.name === "upgrade") ?? assert.fail();
  const report = await runStage(run, {
    plan,
    obstacle: null,
    work: async (of, ctx) => {
      ctx.proof(`${of.base?.version} → head`);
      ctx.proof("1 volume kept");
      await works[of.base?.version ?? ""]?.();
    },
  });
  const { result, cause, reason, proofs, bases = [] } = report;
  return { result, why: cause ?? reason, proofs, deadlines, bases };
}

const well = () => Promise.resolve();

Deno.test("an upgrade from several versions has its time for each, and the report names each", async () => {
  const { bases, ...rest } = await upgraded({ "2.0.0+1": well, "1.0.0+1": well });
  assert.deepEqual(rest, {
    result: "passed",
    why: undefined,
    proofs: ["2.0.0+1 → head", "1 volume kept", "1.0.0+1 → head"],
    deadlines: [40_000, 40_000],
  });
  assert.deepEqual(bases.map(({ version, result }) => [version, result]), [
    ["2.0.0+1", "passed"],
    ["1.0.0+1", "passed"],
  ]);
});

Deno.test("an upgrade that fails from one version fails the stage, which says from which; no other is tried", async () => {
  const fails = () => Promise.reject(new StageFailure("data is gone"));
  const { result, why, bases } = await upgraded({ "3.0.0+1": well, "2.0.0+1": fails, "1.0.0+1": well });
  assert.deepEqual([result, why], ["failed", "data is gone (upgrade from 2.0.0+1)"]);
  assert.deepEqual(bases.map(({ result, cause, reason }) => [result, cause ?? reason]), [
    ["passed", undefined],
    ["failed", "data is gone"],
    ["blocked", "the upgrade from 2.0.0+1"],
  ]);
});

Deno.test("a version that does not install blocks the stage, and the others are tried all the same", async () => {
  const blocked = () =>
    Promise.reject(new StageBlocked("the published version 2.0.0+1, which does not install"));
  const { result, why, bases, proofs } = await upgraded({ "2.0.0+1": blocked, "1.0.0+1": well });
  assert.deepEqual([result, why], ["blocked", "the published version 2.0.0+1, which does not install"]);
  assert.deepEqual(bases.map(({ result }) => result), ["blocked", "passed"]);
  assert.ok(proofs.includes("1.0.0+1 → head"));
});

import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../common/time.ts";
import { type StageName, stageReport } from "../../protocol/result.ts";
import { type PipelineOptions, runPipeline } from "./pipeline.ts";
import type { RunContext } from "../checks/context.ts";
import { fromBase } from "../checks/from_base.ts";
import { Redactor } from "../run/redact.ts";
import { runStage } from "./run_stage.ts";
import { InfraFailure, StageFailure, StageSkipped } from "../run/stage.ts";
import { selectStages, stagePlans } from "../run/stage_plan.ts";

type Works = NonNullable<PipelineOptions["work"]>;

/** The parts of a run that its stages' frame uses. */
function bareRun(stages: readonly StageName[], clock: Clock): RunContext {
  return {
    plan: { stages, apps: [], settings: {} },
    enrolment: { skip: [], timeouts: {} },
    swarm: { startedAt: () => Promise.resolve("then") },
    clock,
    undeployable: null,
    further: [],
    movedTags: [],
    redactor: new Redactor(),
    send: () => {},
  } as unknown as RunContext;
}

/** Runs stages that do what `works` says, and otherwise pass at once; notes what happened in which order. */
async function walk(
  lanes: 1 | 2,
  works: Works = {},
  { endLane, further = [] }: { endLane?: PipelineOptions["endLane"]; further?: string[] } = {},
) {
  const seen: string[] = [];
  const stages = selectStages(null).filter((name) => name !== "teardown");
  const run = bareRun(stages, systemClock);
  run.further = further.map((version) => fromBase(run, { version, commit: "0" }));
  const work = Object.fromEntries(
    stages.map((name): [StageName, Works[StageName]] => [name, async (run, ctx) => {
      seen.push(`${name} begins`);
      await works[name]?.(run, ctx);
      seen.push(`${name} ends`);
    }]),
  );
  const reports = await runPipeline(run, {
    lanes: () => lanes,
    nextBase: (of) => {
      seen.push(`a new app for ${of.base?.version}`);
      return Promise.resolve();
    },
    endLane: async (lane, ending) => {
      seen.push(`lane ${lane} over${ending.last ? ", all are" : ""}`);
      await endLane?.(lane, ending);
      seen.push(`lane ${lane} removed`);
    },
    work,
  });
  const outcome = (name: StageName) => {
    const report = reports.find((one) => one.name === name);
    return report?.reason === undefined ? report?.result : `${report.result} ${report.reason}`;
  };
  return { seen, outcome };
}

const fails = () => Promise.reject(new StageFailure("no"));

Deno.test("one lane: the first app is gone before the second one comes", async () => {
  const { seen } = await walk(1);
  assert.deepEqual(seen.filter((one) => one.endsWith("begins") || /^lane \w+ over/.test(one)), [
    "fetch begins",
    "lint begins",
    "images begins",
    "install begins",
    "backup begins",
    "restore begins",
    "tests begins",
    "lane install over",
    "upgrade begins",
    "lane upgrade over, all are",
  ]);
});

Deno.test("two lanes: each goes on while the other is busy, and only the last one ends all", async () => {
  const upgraded = Promise.withResolvers<void>();
  const installing = Promise.withResolvers<void>();
  const { seen } = await walk(2, {
    install: () => Promise.resolve(installing.resolve()),
    upgrade: async () => {
      await installing.promise; // would wait for ever if the lanes came one after the other, upgrade first …
      upgraded.resolve();
    },
    restore: () => upgraded.promise, // … or install first
  });
  const before = (one: string, other: string) =>
    assert.ok(seen.indexOf(one) < seen.indexOf(other), seen.join("\n"));
  before("lint ends", "install begins");
  before("lint ends", "upgrade begins");
  before("upgrade begins", "restore ends");
  assert.equal(seen.filter((one) => one.endsWith("all are")).length, 1);
  assert.match(seen.filter((one) => one.includes("over")).at(-1) ?? "", /all are/);
});

Deno.test("one lane: the second app is prepared while the first one goes, and deployed when nothing of it runs", async () => {
  const prepared = Promise.withResolvers<void>();
  const deployed = Promise.withResolvers<void>();
  const steps: string[] = [];
  const { seen } = await walk(1, {
    upgrade: async (run) => {
      prepared.resolve(); // would be waited for in vain if the lane only began when the first app was gone
      await run.room;
      steps.push("deployed");
      deployed.resolve();
    },
  }, {
    endLane: async (lane, { gone }) => {
      if (lane === "upgrade") return;
      await prepared.promise;
      steps.push("stopped");
      gone();
      await deployed.promise; // the upgrade lane deploys although this removal still goes on
    },
  });
  assert.deepEqual(steps, ["stopped", "deployed"]);
  assert.ok(seen.includes("lane install removed"), "a run does not end before what it removes is gone");
});

for (const lanes of [1, 2] as const) {
  Deno.test(`a failure keeps back what builds upon it, and nothing else, in ${lanes} lanes`, async () => {
    const { outcome } = await walk(lanes, { upgrade: fails });
    assert.deepEqual([outcome("restore"), outcome("tests"), outcome("upgrade")], [
      "passed",
      "passed",
      "failed",
    ]);
    const backup = (await walk(lanes, { backup: fails })).outcome;
    assert.deepEqual(
      [backup("backup"), backup("restore"), backup("tests"), backup("upgrade")],
      ["failed", "blocked backup", "passed", "passed"],
    );
    const install = (await walk(lanes, { install: fails })).outcome;
    assert.deepEqual(
      [install("backup"), install("restore"), install("tests"), install("upgrade")],
      ["blocked install", "blocked install", "blocked install", "passed"],
    );
  });
}

Deno.test("what does not apply is skipped along with what builds upon it", async () => {
  const skips = () => Promise.reject(new StageSkipped("no backup labels"));
  const { outcome } = await walk(1, { backup: skips });
  assert.deepEqual([outcome("backup"), outcome("restore"), outcome("tests")], [
    "skipped no backup labels",
    "skipped no backup labels",
    "passed",
  ]);
});

Deno.test("a lint failure keeps nothing back unless it is one of deploying", async () => {
  assert.equal((await walk(1, { lint: fails })).outcome("install"), "passed");
  const { outcome } = await walk(1, {
    lint: (run) => {
      run.undeployable = "confinement";
      return fails();
    },
  });
  assert.deepEqual([outcome("install"), outcome("tests"), outcome("upgrade")], [
    "blocked confinement",
    "blocked confinement",
    "blocked confinement",
  ]);
});

Deno.test("trouble with the surroundings blocks as a failure does, and is none", async () => {
  const { outcome } = await walk(1, { fetch: () => Promise.reject(new InfraFailure("the forge is away")) });
  assert.deepEqual([outcome("fetch"), outcome("install"), outcome("upgrade")], [
    "infra",
    "blocked fetch",
    "blocked fetch",
  ]);
});

for (const [how, step] of [["back", -10_000], ["forward", 3_600_000]] as const) {
  Deno.test(`a stage's seconds and its remaining time stay right when the wall clock is set ${how}`, async () => {
    let passed = 0;
    let wall = Date.parse("2026-03-01T12:00:00Z");
    const clock: Clock = { ...systemClock, now: () => wall + passed, elapsed: () => passed };
    const plan = stagePlans.find(({ name }) => name === "lint") ?? assert.fail("There is no stage lint");
    let remaining = NaN;
    const report = await runStage(bareRun(["lint"], clock), {
      plan,
      work: (_run, ctx) => {
        wall += step;
        passed += 2_500;
        remaining = ctx.remaining();
        return Promise.resolve();
      },
      obstacle: null,
    });
    assert.equal(report.seconds, 2.5);
    assert.equal(remaining, plan.seconds * 1000 - 2_500);
    assert.ok(stageReport.safeParse(report).success);
  });
}

Deno.test("a log and a cause hold no part of a secret, wherever lines end and texts are cut", async () => {
  const lines: string[] = [];
  const run = bareRun(["lint"], systemClock);
  const secret = "Zq9-kP2!vX7~mN4@";
  run.redactor.add(secret);
  const send: RunContext["send"] = (message) => {
    if (message.type === "event" && message.event.type === "log") lines.push(message.event.line);
  };
  const plan = stagePlans.find(({ name }) => name === "lint");
  assert.ok(plan !== undefined);
  const report = await runStage({ ...run, send }, {
    plan,
    obstacle: null,
    work: (_run, ctx) => {
      ctx.log(`${"x".repeat(3_990)}${secret}`);
      for (const piece of ["got Zq", "9-kP2!vX7~m", "N4@ there"]) ctx.log(piece);
      ctx.log("Z");
      ctx.log("next");
      return Promise.reject(new StageFailure(`${"y".repeat(490)}${secret}`));
    },
  });
  assert.deepEqual(lines.slice(1), [
    "got •••",
    "•••",
    "••• there",
    "Z",
    "next",
    `failed: ${"y".repeat(490)}•••`,
  ]);
  assert.equal(lines[0], `${"x".repeat(3_990)}•••`);
  assert.equal(report.cause, `${"y".repeat(490)}•••`);
});

Deno.test("a log is bounded in lines and in characters", async () => {
  for (const [count, length] of [[30_000, 1], [3_000, 4_000]] as const) {
    let lines = 0;
    let characters = 0;
    const run = bareRun(["lint"], systemClock);
    const send: RunContext["send"] = (message) => {
      if (message.type !== "event" || message.event.type !== "log") return;
      lines++;
      characters += message.event.line.length;
    };
    const plan = stagePlans.find(({ name }) => name === "lint");
    assert.ok(plan !== undefined);
    await runStage({ ...run, send }, {
      plan,
      obstacle: null,
      work: (_run, ctx) => {
        for (let index = 0; index < count; index++) ctx.log("z".repeat(length));
        return Promise.resolve();
      },
    });
    assert.ok(lines <= 20_000 && characters <= 4_010_000, `${lines} lines, ${characters} characters`);
  }
});

Deno.test("the upgrade from each further version is made on a new app, and the lane is over after the last", async () => {
  const { seen } = await walk(1, {}, { further: ["2.0.0+1", "1.0.0+1"] });
  const upgrading = seen.filter((one) => one !== "lane install removed"); // goes on meanwhile
  assert.deepEqual(upgrading.slice(upgrading.indexOf("upgrade begins")), [
    "upgrade begins",
    "upgrade ends",
    "a new app for 2.0.0+1",
    "upgrade begins",
    "upgrade ends",
    "a new app for 1.0.0+1",
    "upgrade begins",
    "upgrade ends",
    "lane upgrade over, all are",
    "lane upgrade removed",
  ]);
});

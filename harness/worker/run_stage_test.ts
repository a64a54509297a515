import assert from "node:assert/strict";
import { systemClock } from "../../common/time.ts";
import type { StageName } from "../../protocol/result.ts";
import type { RunContext } from "../checks/context.ts";
import type { WorkerMessage } from "../run/messages.ts";
import { Redactor } from "../run/redact.ts";
import { StageFailure } from "../run/stage.ts";
import { stagePlans } from "../run/stage_plan.ts";
import { runStage } from "./run_stage.ts";

/** Runs a stage that does not end by itself, and says what became of it and which stages the keeper hears are late. */
async function hang(
  name: StageName,
  { published = null, engine = ["monday"] }: { published?: string | null; engine?: (string | null)[] },
) {
  const late: StageName[] = [];
  const run = {
    providing: null,
    plan: { stages: [name], apps: [{ lane: "install" }, { lane: "upgrade" }], settings: {} },
    enrolment: { skip: [], timeouts: { [name]: 0.001 } },
    swarm: {
      startedAt() {
        const started = engine.length > 1 ? engine.shift() : engine[0];
        return started === null ? Promise.reject(new Error("Docker is away")) : Promise.resolve(started);
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
  const { result, cause, reason } = await runStage(run, {
    plan,
    obstacle: null,
    work: (_run, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new StageFailure("What waited was told to stop")));
      }),
  });
  return { told: `${result} ${cause ?? reason}`, late };
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

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand, runCommandOk } from "../common/command.ts";
import { type HarnessRun, runRecipe } from "./harness_cli.ts";
import { objectsOf } from "./inventory.ts";
import { onTheStack, stage } from "./on_the_stack.ts";
import { assertEnd, deployed, start } from "./quick_run.ts";

onTheStack(
  "a stage that hangs is ended at its deadline, and a forge that hangs is not the recipe's",
  async ({ stack, runs }) => {
    // Takes connections and never says a word.
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const ended = await runRecipe(stack, {
      runs,
      args: [`https://127.0.0.1:${silent.addr.port}/someone/quick.git`],
      env: { CCCI_STAGE_DEADLINE_S: "3" },
    });
    assertEnd(ended, { code: 3, result: "infra", cause: /longer than 3/ });
    assert.equal(ended.result?.stage, "fetch");
  },
);

onTheStack("a worker that is frozen is killed some time after its stage's deadline", async (bench) => {
  // Long enough to deploy something on a busy machine: a stage that is not frozen yet ends by itself.
  await using run = await start(bench, { env: { CCCI_STAGE_DEADLINE_S: "60" } });
  await deployed(run);
  Deno.kill(await run.process("worker"), "SIGSTOP");
  assertEnd(await run.ended, { code: 5, result: "timed_out", cause: /ran longer than 1 min/ });
});

onTheStack("a run that takes longer than a run may is ended and cleaned up", async (bench) => {
  await using run = await start(bench, { env: { CCCI_RUN_DEADLINE_S: "9" } });
  assertEnd(await run.ended, { code: 5, result: "timed_out", cause: /The run took longer than 9/ });
});

onTheStack("below the free space that is asked for nothing is deployed", async (bench) => {
  await using run = await start(bench, { env: { CCCI_MIN_FREE_GB: "10000000" } });
  const ended = await run.ended;
  assertEnd(ended, { code: 3, result: "infra", cause: /Only .* GB are free/ });
  assert.match(stage(ended, "images")?.detail ?? "", /CCCI_MIN_FREE_GB/);
});

/** A disk of its own for the runs of one test. */
async function mountRuns(runs: string, size: string): Promise<AsyncDisposable> {
  await Deno.mkdir(runs);
  await runCommandOk(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", runs]);
  return {
    async [Symbol.asyncDispose]() {
      await runCommandOk(["umount", "--lazy", runs]);
    },
  };
}

async function assertFull(run: HarnessRun): Promise<void> {
  const ended = await run.ended;
  assert.equal(ended.result?.result, "infra", ended.stderr);
  assert.equal(ended.code, 3, ended.stderr);
  assert.match(ended.stderr, /no space left|disk is full/i);
  assert.equal(stage(ended, "teardown")?.result, "passed");
  assert.deepEqual(ended.result.leftovers, []);
  assert.deepEqual(await objectsOf(await run.folder()), []);
}

onTheStack("a disk too small for the recipe is the machine's trouble", async (bench) => {
  await using _disk = await mountRuns(bench.runs, "2m");
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const files = Object.fromEntries(
    Array.from(
      { length: 50 },
      (_, number) => [`noise-${number}`, `${number}${noise.map((byte) => byte ^ number)}`],
    ),
  );
  await using run = await start(bench, { env: { CCCI_MIN_FREE_GB: "0" }, recipe: { files } });
  await assertFull(run);
});

onTheStack("a disk that fills up while apps are up is the machine's trouble, and they go", async (bench) => {
  await using _disk = await mountRuns(bench.runs, "64m");
  await using run = await start(bench, { env: { CCCI_MIN_FREE_GB: "0" } });
  await deployed(run);
  await runCommand(["dd", "if=/dev/zero", `of=${join(bench.runs, "filler")}`, "bs=4096"]); // until no byte is free
  await assertFull(run);
});

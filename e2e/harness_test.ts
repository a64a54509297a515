import assert from "node:assert/strict";
import { join } from "node:path";
import { makeRecipe } from "./fixture_recipe.ts";
import { type Ended, HarnessRun, runRecipe, sigkill, stackForRuns } from "./harness_cli.ts";
import { assertSameInventory, inventory } from "./inventory.ts";
import { waitFor } from "../common/time.ts";
import type { Stack } from "../local/stack.ts";
import { onRealServices } from "./scene.ts";

interface Bench {
  stack: Stack;
  /** Scratch folder of this test. */
  folder: string;
  runs: string;
  before: string[];
}

/** A test with a stack, a scratch folder, and the demand that Docker holds the same things afterwards. */
function onTheStack(name: string, work: (bench: Bench) => Promise<void>): void {
  onRealServices(name, async () => {
    const stack = await stackForRuns();
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    try {
      const before = await inventory();
      await work({ stack, folder, runs: join(folder, "runs"), before });
      await assertSameInventory(before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

function stage(ended: Ended, name: string) {
  return ended.result?.stages.find((one) => one.name === name);
}

onTheStack(
  "a sound recipe passes every stage, with a report that opens from disk",
  async ({ stack, folder, runs }) => {
    const path = await makeRecipe(join(folder, "quick"));
    await Deno.writeTextFile(join(path, "NOTES.md"), "An uncommitted file.\n");
    const ended = await runRecipe(stack, { runs, args: [path] });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.result?.result, "passed");
    assert.equal(ended.result.dirty, true, "the uncommitted file must be part of what was tested");
    assert.equal(ended.result.base, "0.1.0+1.22.1");
    assert.equal(ended.result.level, 2);
    for (const name of ["fetch", "lint", "install", "upgrade", "teardown"]) {
      assert.equal(stage(ended, name)?.result, "passed", name);
    }
    const run = join(runs, ended.result.run);
    const shots = ended.result.stages.flatMap((one) => one.screenshots);
    assert.ok(shots.length >= 1, "a screenshot");
    for (const shot of shots) {
      const png = await Deno.readFile(join(run, "screenshots", shot));
      assert.deepEqual([...png.slice(1, 4)].map((byte) => String.fromCharCode(byte)).join(""), "PNG");
    }
    const report = await Deno.readTextFile(join(run, "report.html"));
    assert.ok(!/(src|href)="https?:/.test(report), "the report must not need the network");
  },
);

onTheStack("one lane and two lanes come to the same result", async ({ stack, folder, runs }) => {
  const path = await makeRecipe(join(folder, "quick"));
  for (const lanes of ["1", "2"]) {
    const ended = await runRecipe(stack, { runs, args: [path], env: { CCCI_LANES: lanes } });
    assert.equal(ended.code, 0, `${lanes} lanes: ${ended.stderr}`);
  }
});

for (const [victim, outcome, code] of [["worker", "infra", 3], ["front", "cancelled", undefined]] as const) {
  onTheStack(
    `SIGKILL of the ${victim} while two apps are up: result "${outcome}", clean within 60 s`,
    async ({ stack, folder, runs, before }) => {
      const path = await makeRecipe(join(folder, "quick"));
      await using run = new HarnessRun(stack, { runs, args: [path], env: { CCCI_LANES: "2" } });
      await run.event((event) => event.type === "stage.started" && event.stage === "upgrade");
      await waitFor(
        async () => (await inventory()).filter((name) => name.startsWith("service quic-")).length >= 1,
        {
          what: "an app of the run",
          timeoutMs: 30_000,
        },
      );
      const keeper = await run.process("keeper");
      await sigkill(victim === "front" ? run.pid : await run.process(victim));
      const ended = await run.ended;
      if (code !== undefined) assert.equal(ended.code, code, ended.stderr);
      await waitFor(() => Deno.stat(`/proc/${keeper}`).then(() => false as const, () => true), {
        what: "the keeper to finish",
        timeoutMs: 60_000,
      });
      const result = JSON.parse(await Deno.readTextFile(join(await run.folder(), "result.json")));
      assert.equal(result.result, outcome);
      assert.deepEqual(result.leftovers, []);
      await assertSameInventory(before);
    },
  );
}

onTheStack(
  "SIGKILL of the keeper: the next run cleans up after it first",
  async ({ stack, folder, runs, before }) => {
    const path = await makeRecipe(join(folder, "quick"));
    await using run = new HarnessRun(stack, { runs, args: [path], env: { CCCI_LANES: "2" } });
    await run.event((event) => event.type === "stage.started" && event.stage === "upgrade");
    await waitFor(async () => (await inventory()).some((name) => name.startsWith("volume quic-")), {
      what: "a volume of the run",
      timeoutMs: 30_000,
    });
    const worker = await run.process("worker");
    await sigkill(await run.process("keeper"));
    const ended = await run.ended;
    assert.equal(ended.code, 3, ended.stderr);
    await waitFor(() => Deno.stat(`/proc/${worker}`).then(() => false as const, () => true), {
      what: "the worker to end without its keeper",
      timeoutMs: 20_000,
    });
    const next = await runRecipe(stack, { runs, args: [path] });
    assert.equal(next.code, 0, next.stderr);
    await assertSameInventory(before);
  },
);

onTheStack("SIGTERM cancels a run and cleans up", async ({ stack, folder, runs }) => {
  const path = await makeRecipe(join(folder, "quick"));
  await using run = new HarnessRun(stack, { runs, args: [path] });
  await run.event((event) => event.type === "stage.started" && event.stage === "install");
  Deno.kill(run.pid, "SIGTERM");
  const ended = await run.ended;
  assert.equal(ended.code, 4, ended.stderr);
  assert.equal(ended.result?.result, "cancelled");
});

onTheStack(
  "a recipe without published versions skips the upgrade and says why",
  async ({ stack, folder, runs }) => {
    const path = await makeRecipe(join(folder, "quick"), { versions: [] });
    const ended = await runRecipe(stack, { runs, args: [path] });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(stage(ended, "upgrade")?.result, "skipped");
    assert.match(stage(ended, "upgrade")?.reason ?? "", /published/);
  },
);

onTheStack("mistakes in the call are answered in a sentence", async ({ stack, folder, runs }) => {
  const path = await makeRecipe(join(folder, "quick"));
  const calls: [args: string[], code: number, says: RegExp][] = [
    [["no-such-recipe"], 2, /no-such-recipe/],
    [[path, "--only", "dance"], 2, /dance/],
    [[path, "--ref", "no-such-branch"], 1, /failed in fetch.*no-such-branch/s],
    [[path, "--base", "9.9.9+9"], 1, /failed in fetch.*9\.9\.9\+9/s],
  ];
  for (const [args, code, says] of calls) {
    const ended = await runRecipe(stack, { runs, args });
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stderr}`);
    assert.match(ended.stderr, says);
    assert.doesNotMatch(ended.stderr, /\n\s+at .*:\d+:\d+/, "no stack trace");
  }
});

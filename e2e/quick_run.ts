import assert from "node:assert/strict";
import { join } from "node:path";
import { waitFor } from "../common/time.ts";
import { findProcesses } from "../local/host/process.ts";
import { type FixtureOptions, makeRecipe } from "./fixture_recipe.ts";
import { type Ended, HarnessRun } from "./harness_cli.ts";
import { objectsOf } from "./inventory.ts";
import { type Bench, stage } from "./on_the_stack.ts";

/** A run of the quick recipe. */
export async function start(
  bench: Bench,
  { env = {}, recipe = {}, byLauncher = false }: {
    env?: Record<string, string>;
    recipe?: FixtureOptions;
    byLauncher?: boolean;
  } = {},
): Promise<HarnessRun> {
  const path = await makeRecipe(join(bench.folder, "quick"), recipe);
  const { runs } = bench;
  return new HarnessRun(bench.stack, { runs, args: [path], env: { CCCI_LANES: "2", ...env }, byLauncher });
}

/** Waits until Docker holds an app of the run. */
export async function deployed(run: HarnessRun): Promise<void> {
  await deployedIn(await run.folder());
}

/** The same of a run whose folder this is. */
export async function deployedIn(folder: string): Promise<void> {
  await waitFor(async () => (await objectsOf(folder, "service")).length > 0, {
    what: "an app of the run",
    timeoutMs: 300_000,
  });
}

/** Waits until no process of a run lives. */
export async function processesGone(folder: string): Promise<void> {
  await waitFor(() => findProcesses((argv) => argv.includes(folder)).length === 0, {
    what: "the run's processes to end",
    timeoutMs: 180_000,
  });
}

/** Fails unless a run ended in this way and left nothing. */
export function assertEnd(ended: Ended, wanted: { code: number; result: string; cause: RegExp }): void {
  assert.equal(ended.result?.result, wanted.result, ended.stderr);
  assert.equal(ended.code, wanted.code, ended.stderr);
  assert.match(ended.result?.cause ?? "", wanted.cause);
  assert.equal(stage(ended, "teardown")?.result ?? "passed", "passed");
  assert.deepEqual(ended.result?.leftovers, []);
}

import { join } from "node:path";
import { runRecipeTests } from "../checks/run_tests.ts";
import { resolveInside } from "../recipe/inside_checkout.ts";
import { checkOut } from "../recipe/repo.ts";
import { need, type RunContext } from "../checks/context.ts";
import { type StageContext, StageSkipped } from "../run/stage.ts";

/** Folder of the recipe's repository that holds its own tests: `tests/*_test.ts`, and what these import. */
const FOLDER = "tests";

/**
 * Runs the tests that the recipe's repository brings at the commit under test, in a sandbox. They prove what only its
 * authors know of the app.
 */
export async function testsStage(run: RunContext, ctx: StageContext): Promise<void> {
  const checkout = join(run.folder.tmp, "tests-head");
  await checkOut(need(run.repo, "fetch"), checkout, {
    at: "head",
    settings: run.plan.settings,
    signal: ctx.signal,
  });
  const files = await testFiles(checkout);
  if (files.length === 0) throw new StageSkipped("the recipe brings no tests");
  ctx.log(`Running ${files.map((file) => file.slice(checkout.length + 1)).join(", ")}`);
  await runRecipeTests(run, { app: run.app("install"), ctx, files });
}

/** Paths of the test files. A folder or file that is a link is left out, because it may lead anywhere. */
async function testFiles(checkout: string): Promise<string[]> {
  const root = await Deno.realPath(checkout);
  const folder = resolveInside(root, FOLDER);
  if (typeof folder === "string" || !(await Deno.stat(folder.path)).isDirectory) return [];
  const entries = await Array.fromAsync(Deno.readDir(folder.path));
  return entries.filter((entry) => entry.isFile && entry.name.endsWith("_test.ts"))
    .map((entry) => join(folder.path, entry.name)).sort();
}

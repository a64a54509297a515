import { join } from "node:path";
import { ownTestFiles } from "../checks/own_tests.ts";
import { runRecipeTests } from "../checks/run_tests.ts";
import { checkOut } from "../recipe/repo.ts";
import { need, type RunContext } from "../checks/context.ts";
import { type StageContext, StageSkipped } from "../run/stage.ts";

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
  const files = await ownTestFiles(checkout);
  if (files.length === 0) throw new StageSkipped("the recipe brings no tests");
  ctx.log(`Running ${files.map((file) => file.slice(checkout.length + 1)).join(", ")}`);
  await runRecipeTests(run, { app: run.app("install"), ctx, files });
}

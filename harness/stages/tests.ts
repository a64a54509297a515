import { basename } from "node:path";
import { runRecipeTests } from "../checks/run_tests.ts";
import { need, type RunContext } from "../checks/context.ts";
import { place } from "../lint/finding.ts";
import { type StageContext, StageFailure, StageSkipped } from "../run/stage.ts";

/**
 * Runs the tests that the recipe's repository brings at the commit under test, in a sandbox. They prove what only its
 * authors know of the app. Tests with a mistake that lint has seen are not run.
 */
export async function testsStage(run: RunContext, ctx: StageContext): Promise<void> {
  const { files, findings, checked } = need(run.recipeTests, "lint");
  for (const finding of findings) ctx.finding(finding);
  const mistakes = findings.filter(({ severity }) => severity === "error");
  const [first] = mistakes;
  if (first !== undefined) {
    const told = mistakes.map((one) => `${place(one)}: ${one.message}`);
    const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : "";
    throw new StageFailure(`${told[0]}${more}`, { code: first.rule, detail: told.join("\n") });
  }
  if (files.length === 0) throw new StageSkipped("the recipe brings no tests");
  ctx.log(`Running ${files.map((file) => `tests/${basename(file)}`).join(", ")}`);
  await runRecipeTests(run, { app: run.app("install"), ctx, files, checked });
}

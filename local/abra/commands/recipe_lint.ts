import { git } from "../git.ts";
import { subjectOf } from "../lint.ts";
import { lintRules } from "../lint_rules.ts";
import { bordered, print, requireTerminal, say } from "../output.ts";
import { ensureClean, ensureClone, recipeOf, update } from "../recipe.ts";

/**
 * `abra recipe lint RECIPE`: a table of all rules. Rules that do not hold leave the exit code at 0. Fetches tags from
 * the origin unless `-o`; without `-C` refuses a tree with changes and moves it to the default branch. Reads every
 * `compose*.yml` there is, untracked ones too. Wants a terminal.
 */
export async function recipeLint(
  name: string,
  options: { chaos?: boolean; offline: boolean },
): Promise<void> {
  const recipe = recipeOf(name);
  await ensureClone(recipe, options);
  if (!options.chaos) await ensureClean(recipe);
  if (!options.offline) await update(recipe);
  if (!options.chaos && !options.offline) {
    await git(recipe.dir, ["checkout", "--quiet", "--force", "--detach", "origin/HEAD"]);
  }
  const subject = await subjectOf(recipe);
  requireTerminal();
  const failed = lintRules.filter((rule) => !rule.skip?.(subject) && !rule.holds(subject));
  const rows = lintRules.map((rule) => {
    const skipped = rule.skip?.(subject) ?? false;
    const holds = !skipped && !failed.includes(rule);
    return [
      rule.ref,
      rule.rule,
      rule.severity,
      holds ? "✅" : skipped ? "-" : "❌",
      skipped ? "✅" : "-",
      rule.help,
    ];
  });
  print(bordered(["REF", "RULE", "SEVERITY", "SATISFIED", "SKIPPED", "HOW TO FIX"], rows));
  if (failed.some(({ severity }) => severity === "error")) {
    say("WARN", `critical errors present in ${recipe.name} config`);
  }
}

import { shellWord } from "../../common/shell_word.ts";
import { highestLevel, levels, type RunResult, runResult } from "../../protocol/result.ts";
import { lastRuns } from "./recipes_list.ts";

/**
 * What somebody who has just enrolled a recipe may want to do, a line each.
 * @param last result of the run that followed; null where there was none
 * @param at.recipes the folder of enrolments, where it is not the one that runs use by themselves
 */
export function whatNext(
  last: RunResult | null,
  at: { recipe: string; folder: string; target: string; recipes: string | null },
): string[] {
  const { folder, recipes } = at;
  const setting = recipes === null ? "" : `CCCI_RECIPES=${shellWord(recipes)} `;
  const run = `${setting}./cc-ci run-recipe ${shellWord(at.target)}`;
  const write = [
    `Say what a visitor must see: in ${folder}/front_page.ts, and by "health.title" in recipe.yml`,
    `Write tests against an app that stays up: ${run} --only install --keep,`,
    `  then ${run} --tests-only after each change (docs/recipes.md has the kit)`,
  ];
  if (last === null) return [`Run it: ${run}`, ...write];
  if (last.result !== "passed") {
    return [
      `If the enrolment is to blame, correct ${folder}/recipe.yml (docs/recipes.md says what it can say),`,
      `  then run the recipe again: ${run}`,
    ];
  }
  const missing = last.stages.filter(({ result }) => result === "skipped")
    .map(({ name, reason }) => `${name} was skipped: ${reason ?? "it does not apply"}`);
  const next = levels[last.level + 1];
  const higher = last.level < highestLevel && next !== undefined
    ? [`Level ${last.level + 1} (${next.name}) is not reached: the report says what was found`]
    : [];
  return [...missing, ...higher, ...write];
}

/** The newest result of a recipe, if there is one that is newer than a moment. */
export async function resultSince(
  moment: number,
  { recipe, runs }: { recipe: string; runs: string },
): Promise<RunResult | null> {
  const last = (await lastRuns(runs)).get(recipe);
  if (last === undefined || Date.parse(last.startedAt) < moment) return null;
  return runResult.safeParse(last.result).data ?? null;
}

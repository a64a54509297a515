import { highestLevel, levels, type RunResult, runResult } from "../../protocol/result.ts";
import { lastRuns } from "./recipes_list.ts";

/**
 * What somebody who has just enrolled a recipe may want to do, a line each.
 * @param last result of the run that followed; null where there was none
 */
export function whatNext(
  last: RunResult | null,
  at: { recipe: string; folder: string; target: string },
): string[] {
  const { folder, target } = at;
  const write = [
    `Say what a visitor must see: in ${folder}/front_page.ts, and by "health.title" in recipe.yml`,
    `Write tests against an app that stays up: ./cc-ci run-recipe ${target} --only install --keep,`,
    `  then ./cc-ci run-recipe ${target} --tests-only after each change (docs/recipes.md has the kit)`,
  ];
  if (last === null) return [`Run it: ./cc-ci run-recipe ${target}`, ...write];
  if (last.result !== "passed") {
    return [
      `If the enrolment is to blame, correct ${folder}/recipe.yml (docs/recipes.md says what it can say),`,
      `  then run the recipe again: ./cc-ci run-recipe ${target}`,
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

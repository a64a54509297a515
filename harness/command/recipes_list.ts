import { join } from "node:path";
import * as z from "zod";
import { type Clock, systemClock } from "../../common/time.ts";
import { enrolled } from "../../enrolment/enrolment.ts";
import { readFolder } from "../../enrolment/named_files.ts";
import { runResult } from "../../protocol/result.ts";
import { type ListedRecipe, recipesTable } from "../report/recipes_table.ts";
import { type RunFolder, runFolders } from "../run/folder.ts";
import type { Settings } from "../run/settings.ts";

/** As much of a result as tells which is the last one of a recipe. */
const dated = z.object({ recipe: z.string(), startedAt: z.iso.datetime() });

/**
 * `recipes list`: the enrolled recipes, with the level of the last run of each of which this machine has the result.
 * @returns the exit code
 */
export async function recipesList(
  { RECIPES, RUNS }: Pick<Settings, "RECIPES" | "RUNS">,
  options: { say: (text: string) => void; width: number; clock?: Clock },
): Promise<number> {
  const { say, width, clock = systemClock } = options;
  const names = await enrolled(RECIPES);
  if (names.length === 0) {
    say(`No recipe is enrolled in "${RECIPES}"\n`);
    return 0;
  }
  const last = await lastRuns(RUNS);
  const recipes = await Promise.all(names.map(async (recipe): Promise<ListedRecipe> => {
    const reading = await readFolder(join(RECIPES, recipe));
    const result = runResult.safeParse(last.get(recipe)?.result);
    return {
      recipe,
      last: result.data ?? null,
      invalid: !reading.ok,
      gaps: reading.ok ? gapsOf(reading.said) : [],
    };
  }));
  say(recipesTable(recipes, { width, now: clock.now() }).map((line) => `${line}\n`).join(""));
  return 0;
}

function gapsOf(
  { expected_gaps: gaps, skip }: {
    expected_gaps: readonly { what: string }[];
    skip: readonly { stage: string; reason: string }[];
  },
): string[] {
  return [...skip.map(({ stage, reason }) => `${stage} (${reason})`), ...gaps.map(({ what }) => what)];
}

/** The newest result of each recipe, not looked at any closer. */
export async function lastRuns(runs: string): Promise<Map<string, { startedAt: string; result: unknown }>> {
  const last = new Map<string, { startedAt: string; result: unknown }>();
  for (const folder of await runFolders(runs)) {
    const result = await readResult(folder);
    const { data } = dated.safeParse(result);
    if (data === undefined) continue;
    const { recipe, startedAt } = data;
    if ((last.get(recipe)?.startedAt ?? "") < startedAt) last.set(recipe, { startedAt, result });
  }
  return last;
}

/** @returns null where there is none that can be read, as of a run that goes on */
async function readResult(folder: RunFolder): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(folder.result));
  } catch {
    return null;
  }
}

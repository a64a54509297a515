import { join } from "node:path";
import * as z from "zod";
import { describeError } from "../../common/errors.ts";
import { ingressOf, serviceFetch } from "../../common/ingress.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { enrolled } from "../../enrolment/enrolled.ts";
import { readFolder } from "../../enrolment/named_files.ts";
import { recipeList } from "../../protocol/dashboard_api.ts";
import { runResult } from "../../protocol/result.ts";
import { type LastRun, lastRunOf, type ListedRecipe, recipesTable, toldOf } from "../report/recipes_table.ts";
import { type RunFolder, runFolders } from "../run/folder.ts";
import type { Settings } from "../run/settings.ts";

/** As much of a result as tells which is the last one of a recipe. */
const dated = z.object({ recipe: z.string(), startedAt: z.iso.datetime() });

/** Milliseconds for which a person waits for the dashboard. */
const ASK_MS = 10_000;

/**
 * `recipes list`: the enrolled recipes, with the level of the last run of each, be it one of which this machine has the
 * result or one of which the dashboard knows.
 * @param options.dashboard asks it for the recipes; without it none is asked
 * @returns the exit code
 */
export async function recipesList(
  { RECIPES, RUNS }: Pick<Settings, "RECIPES" | "RUNS">,
  options: { say: (text: string) => void; width: number; clock?: Clock; dashboard?: () => Promise<unknown> },
): Promise<number> {
  const { say, width, clock = systemClock } = options;
  const names = await enrolled(RECIPES);
  if (names.length === 0) {
    say(`No recipe is enrolled in "${RECIPES}"\n`);
    return 0;
  }
  const [last, elsewhere] = await Promise.all([lastRuns(RUNS), runsElsewhere(options)]);
  const recipes = await Promise.all(names.map(async (recipe): Promise<ListedRecipe> => {
    const reading = await readFolder(join(RECIPES, recipe));
    const result = runResult.safeParse(last.get(recipe)?.result);
    return {
      recipe,
      last: newest(result.data === undefined ? null : lastRunOf(result.data), elsewhere.get(recipe) ?? null),
      invalid: !reading.ok,
      gaps: reading.ok ? gapsOf(reading.said) : [],
    };
  }));
  say(recipesTable(recipes, { width, now: clock.now() }).map((line) => `${line}\n`).join(""));
  return 0;
}

/** Asks the dashboard for its recipes as anybody may, so that it names public ones only; null: there is none to ask. */
export function dashboardAt(
  url: string | null,
  settings: Pick<Settings, "BASE_DOMAIN" | "INGRESS" | "CA_FILE">,
): { dashboard?: () => Promise<unknown> } {
  if (url === null) return {};
  const { BASE_DOMAIN: base } = settings;
  return {
    async dashboard() {
      const ask = serviceFetch({ base, ingress: await ingressOf(settings) }, { timeoutMs: ASK_MS });
      const answer = await ask(`${url}/api/recipes`);
      if (answer.ok) return await answer.json();
      throw new Error(`it answers with status ${answer.status}`);
    },
  };
}

/** The runs that speak for recipes, as the dashboard knows them. That it does not answer hides nothing else. */
async function runsElsewhere(
  { dashboard, say }: { dashboard?: () => Promise<unknown>; say: (text: string) => void },
): Promise<Map<string, LastRun>> {
  try {
    const { data } = recipeList.safeParse(dashboard === undefined ? { recipes: [] } : await dashboard());
    if (data === undefined) throw new Error("it answers in a form that this version does not know");
    return new Map(data.recipes.flatMap(({ recipe, run, level }) => {
      if (run === null || run.finishedAt === null) return [];
      const finishedAt = Date.parse(run.finishedAt);
      return [[recipe, { state: run.state, told: toldOf(run), level, finishedAt }] as const];
    }));
  } catch (error) {
    say(`The dashboard does not say how recipes stand: ${describeError(error)}\n`);
    return new Map();
  }
}

function newest(one: LastRun | null, other: LastRun | null): LastRun | null {
  return one === null || (other !== null && other.finishedAt > one.finishedAt) ? other : one;
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

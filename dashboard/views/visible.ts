import { runName } from "../../protocol/params.ts";
import { isKnownWriter } from "../model/auth.ts";
import type { Deps } from "./deps.ts";
import type { Run } from "../model/run.ts";

/**
 * The run of that name, as far as whoever asks may see it: a private recipe's runs exist for bridge and harness alone.
 * @param authorization value of the header, where the programs ask too
 */
export function visibleRun(
  deps: Pick<Deps, "store" | "enrolments" | "tokens">,
  name: string | undefined,
  authorization?: string,
): Run | undefined {
  const parsed = runName.safeParse(name);
  const run = parsed.success ? deps.store.find(parsed.data) : undefined;
  if (run === undefined || deps.enrolments.shown(run.recipe)) return run;
  return isKnownWriter(deps.tokens, authorization) ? run : undefined;
}

/**
 * Runs that wait or run, as far as anybody may see them, in their order. Their places are counted among each other, since
 * the bridge's own count tells how many there are that nobody may see.
 */
export function visibleActive({ store, enrolments }: Pick<Deps, "store" | "enrolments">): Run[] {
  let waiting = 0;
  return store.activeRuns().filter(({ recipe }) => enrolments.shown(recipe))
    .map((run) => run.state === "queued" ? { ...run, position: waiting++ } : run);
}

/** How many runs that anybody may see wait before this one. */
export function placeOf(run: Run, deps: Pick<Deps, "store" | "enrolments">): number {
  if (run.state !== "queued") return run.position;
  return visibleActive(deps).find((one) => one.run === run.run)?.position ?? run.position;
}

/**
 * A page of runs that anybody may see, newest first, with the name of the run that the next page begins behind. Pages
 * begin behind a run, and not at a number: numbers have gaps where others are that nobody may see.
 */
export function visibleRuns(
  deps: Pick<Deps, "store" | "enrolments">,
  { recipe, before, limit }: { recipe?: string | undefined; before?: string | undefined; limit: number },
): { runs: Run[]; next: string | null } {
  const from = before === undefined ? undefined : deps.store.find(before);
  const seen = before === undefined || (from !== undefined && deps.enrolments.shown(from.recipe));
  if (!seen || (recipe !== undefined && !deps.enrolments.shown(recipe))) return { runs: [], next: null };
  const runs = deps.store.runs({
    limit: limit + 1,
    except: hiddenRecipes(deps),
    ...(recipe === undefined ? {} : { recipe }),
    ...(from === undefined ? {} : { before: from.seq }),
  });
  return { runs: runs.slice(0, limit), next: runs.length > limit ? runs[limit - 1]?.run ?? null : null };
}

/** Recipes with runs that nobody from outside may see. */
export function hiddenRecipes(deps: Pick<Deps, "store" | "enrolments">): string[] {
  return deps.store.recipes().filter((recipe) => !deps.enrolments.shown(recipe));
}

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

/** Recipes with runs that nobody from outside may see. */
export function hiddenRecipes(deps: Pick<Deps, "store" | "enrolments">): string[] {
  return deps.store.recipes().filter((recipe) => !deps.enrolments.shown(recipe));
}

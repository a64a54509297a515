import { describeError } from "../common/errors.ts";
import { logger } from "../common/log.ts";
import type { Clock } from "../common/time.ts";
import { recipeName } from "../protocol/params.ts";

const log = logger("dashboard");
const KEEP_MS = 30_000;

/**
 * Names of the recipes that have an enrolment in the folder, looked up again every half minute. A folder that cannot
 * be read means that no enrolment is known; runs are shown all the same.
 */
export function enrolledRecipes(folder: string | undefined, clock: Clock): () => string[] {
  let names: string[] = [];
  let readAt = -Infinity;
  return () => {
    if (folder === undefined || clock.now() - readAt < KEEP_MS) return names;
    readAt = clock.now();
    names = list(folder);
    return names;
  };
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .filter((entry) => entry.isDirectory && recipeName.safeParse(entry.name).success)
      .map((entry) => entry.name).filter((name) => exists(`${folder}/${name}/recipe.yml`)).sort();
  } catch (error) {
    log.warn("Could not read the enrolments", { folder, error: describeError(error) });
    return [];
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

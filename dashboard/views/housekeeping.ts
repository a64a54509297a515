import { describeError } from "../../common/errors.ts";
import { logger } from "../../common/log.ts";
import type { Clock } from "../../common/time.ts";
import type { Deps } from "./deps.ts";

const log = logger("dashboard");
const DAY_MS = 24 * 3600 * 1000;
const EVERY_MS = 30_000;
const DROP_EVERY_MS = 3600_000;
/** A run that said nothing for so long after its end has sent all its files. */
const QUIET_MS = 30_000;

/** How long runs stay; a recipe's newest always do. */
export interface Retention {
  days: number;
  /** How many runs of each recipe stay. */
  runs: number;
}

type Needed = Pick<Deps, "store" | "files" | "clock">;

/** Packs the files of runs that are over. @returns the runs packed */
export async function packEnded({ store, files, clock }: Needed): Promise<string[]> {
  const done: string[] = [];
  for (const run of store.keeping.toPack({ quietSince: clock.now() - QUIET_MS, limit: 50 })) {
    try {
      if (!await files.pack(run)) continue;
    } catch (error) {
      // Nothing is lost: the files stay as they are. Trying again every half minute would fill the log.
      log.error("Could not pack the files of a run", { run, error: describeError(error) });
    }
    store.keeping.packed(run, { now: clock.now() });
    done.push(run);
  }
  return done;
}

/** Removes runs that are too old or too many. @returns the runs removed */
export async function dropOld({ store, files, clock }: Needed, retention: Retention): Promise<string[]> {
  const rules = { endedBefore: clock.now() - retention.days * DAY_MS, runs: retention.runs };
  const gone: string[] = [];
  for (const recipe of store.recipes()) {
    for (const run of store.keeping.expendable(recipe, rules)) {
      // Files first: when this is cut short, the row is still there to try again.
      await files.remove(run);
      store.keeping.drop(run);
      gone.push(run);
    }
    // Pages are served between two recipes, also while very much is removed.
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (gone.length > 0) log.info("Removed old runs", { runs: gone.length });
  return gone;
}

/** Keeps house until `stop` aborts. */
export async function keepHouse(
  deps: Needed,
  options: { retention: Retention; stop: AbortSignal; clock: Clock },
): Promise<void> {
  let droppedAt = -Infinity;
  while (!options.stop.aborted) {
    try {
      await packEnded(deps);
      if (options.clock.now() - droppedAt >= DROP_EVERY_MS) {
        droppedAt = options.clock.now();
        await dropOld(deps, options.retention);
      }
    } catch (error) {
      log.error("Could not keep house", { error: describeError(error) });
    }
    await options.clock.sleep(EVERY_MS, options.stop).catch(() => {});
  }
}

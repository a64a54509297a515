import type { Run } from "../model/run.ts";
import type { Deps } from "./deps.ts";
import { hiddenRecipes } from "./visible.ts";

type Known = Pick<Deps, "store" | "enrolments">;

/** Milliseconds until something happens, as far as earlier runs tell; `null` when there were none. */
export type Estimate = number | null;

/** How long a run of this recipe takes as a rule: the middle of its last runs, else of everybody's. */
function usualDuration(deps: Known, recipe: string): Estimate {
  const { stats } = deps.store;
  return median(stats.durations({ recipe, limit: 5 })) ??
    median(stats.durations({ except: hiddenRecipes(deps), limit: 15 }));
}

/** How long a running run still needs. */
export function timeLeft(deps: Known, run: Run, now: number): Estimate {
  const usual = usualDuration(deps, run.recipe);
  if (usual === null || run.startedAt === null) return usual;
  return Math.max(0, usual - (now - run.startedAt));
}

/**
 * How long each waiting run will wait, in the order of the queue. As many run at a time as run now: while somebody
 * waits, no place is left empty. Keys are run names.
 */
export function waitingTimes(deps: Known, active: readonly Run[], now: number): Map<string, Estimate> {
  const running = active.filter((run) => run.state === "running");
  const places: Estimate[] = running.length === 0 ? [0] : running.map((run) => timeLeft(deps, run, now));
  const waits = new Map<string, Estimate>();
  for (const run of active.filter((run) => run.state === "queued")) {
    const first = places.includes(null) ? null : Math.min(...places.map(Number));
    waits.set(run.run, first);
    const takes = usualDuration(deps, run.recipe);
    places[places.indexOf(first)] = first === null || takes === null ? null : first + takes;
  }
  return waits;
}

function median(values: number[]): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

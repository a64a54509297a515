import type { Run } from "./run.ts";
import type { Store } from "./store.ts";

/** Milliseconds until something happens, as far as earlier runs tell; `null` when there were none. */
export type Estimate = number | null;

/** How long a run of this recipe takes as a rule: the middle of its last runs, else of everybody's. */
export function usualDuration(store: Store, recipe: string): Estimate {
  return median(store.stats.durations({ recipe, limit: 5 })) ?? median(store.stats.durations({ limit: 15 }));
}

/** How long a running run still needs. */
export function timeLeft(store: Store, run: Run, now: number): Estimate {
  const usual = usualDuration(store, run.recipe);
  if (usual === null || run.startedAt === null) return usual;
  return Math.max(0, usual - (now - run.startedAt));
}

/** How long each waiting run will wait, if one runs at a time in the order of the queue. Keys are run names. */
export function waitingTimes(store: Store, active: readonly Run[], now: number): Map<string, Estimate> {
  const waits = new Map<string, Estimate>();
  let sum: Estimate = 0;
  for (const run of active) {
    if (run.state === "queued") waits.set(run.run, sum);
    const takes: Estimate = run.state === "running"
      ? timeLeft(store, run, now)
      : usualDuration(store, run.recipe);
    sum = sum === null || takes === null ? null : sum + takes;
  }
  return waits;
}

function median(values: number[]): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

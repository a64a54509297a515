import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { type Run, runName, viewOf } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import type { Ending } from "./watchdog.ts";

const log = logger("bridge", "runs");

export interface TransitionsDeps {
  store: Store;
  clock: Clock;
  /** Whether there is a dashboard that may still have something to say about a finished run. */
  hasDashboard: boolean;
}

/** The arrows of a run's life as they are stored, and logged. */
export class Transitions {
  readonly #deps: TransitionsDeps;

  constructor(deps: TransitionsDeps) {
    this.#deps = deps;
  }

  /** The run is over; the engine's word, or ours where there is none. @returns false if it was not in that state */
  finish(run: Run, { outcome, cause }: Ending): boolean {
    const ran = run.started_at !== null || (run.asked_at !== null && outcome !== "cancelled");
    const waits = this.#deps.hasDashboard && ran && (viewOf(run)?.result ?? null) === null;
    const settled = waits ? 0 : 1;
    return this.advance(run, "finished", {
      outcome,
      cause,
      settled,
      finished_at: this.#deps.clock.now(),
    });
  }

  /** @returns false if the run is not in the state expected any more */
  advance(run: Run, state: Run["state"], changes: Partial<Run> = {}): boolean {
    const moved = this.#deps.store.advance(run, state, changes);
    if (moved) {
      const { outcome, cause } = changes;
      log.info(state, { run: runName(run), comment: run.comment, ...(outcome ? { outcome, cause } : {}) });
    }
    return moved;
  }
}

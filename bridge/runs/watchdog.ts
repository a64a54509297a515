import type { RunOutcome } from "../../protocol/result.ts";
import { type Run, runName, viewOf, wasHeard } from "../store/rows.ts";

/** The harness is heard every 10 s. Its death is to be noticed within two minutes. */
const longestSilenceMs = 90_000;
/**
 * How long after the result the engine gets to say that the run is over. It does so at once unless the runner is gone.
 */
const afterResultMs = 30_000;

const silent = "The harness fell silent: its runner or its machine is gone";
const unheard =
  "The harness was never heard: look on its host whether CCCI_DASHBOARD_URL and CCCI_RUNNER_TOKEN " +
  "are the dashboard's address and a token it knows, and whether the runner lives";

/** How a run ended, as the engine says or as the bridge concludes where the engine never will. */
export interface Ending {
  outcome: RunOutcome;
  cause: string | null;
}

/**
 * Judges runs that the engine says still run. An engine that only knows what a runner tells it says so for ever once
 * that runner is dead; the harness may be dead as well, or have come to its end all the same.
 */
export class Watchdog {
  /** By run: since when it is said to run, and since when there is a result nevertheless. */
  readonly #seen = new Map<string, { runs: number; over: number | null }>();

  /**
   * To be called each time the engine says that the run runs.
   * @param options.silentMs for how long the dashboard has not heard of it
   * @returns `null` while nothing speaks against it
   */
  look(run: Run, { now, silentMs }: { now: number; silentMs: number }): Ending | null {
    const seen = this.#seen.get(runName(run)) ?? { runs: now, over: null };
    this.#seen.set(runName(run), seen);
    const result = viewOf(run)?.result ?? null;
    if (result !== null) {
      seen.over ??= now;
      if (now - seen.over < afterResultMs) return null;
      // Nobody asked the run to stop: its harness gave up because the runner went away.
      if (result.result === "cancelled") {
        return { outcome: "infra", cause: "Its runner disappeared, and the harness gave up" };
      }
      return { outcome: result.result, cause: null };
    }
    if (Math.min(silentMs, now - seen.runs) < longestSilenceMs) return null;
    return { outcome: "infra", cause: wasHeard(run) ? silent : unheard };
  }

  /** What was seen does not count any more: the run is over, or the engine did not answer. */
  forget(run: Run): void {
    this.#seen.delete(runName(run));
  }
}

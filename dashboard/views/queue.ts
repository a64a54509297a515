import type { QueueView } from "../../protocol/dashboard_api.ts";
import type { StageName } from "../../protocol/result.ts";
import type { Deps } from "./deps.ts";
import { type Estimate, timeLeft, waitingTimes } from "./estimates.ts";
import { isRunning, type Run } from "../model/run.ts";
import { runSummary } from "./views.ts";
import { visibleActive } from "./visible.ts";

/** What runs, and what waits for its turn. */
export interface Queue {
  /** Runs going on, each with the stages it is in and the time it still needs. */
  running: { run: Run; stages: StageName[]; left: Estimate }[];
  /** Runs waiting, in their order, each with the time until it starts. */
  waiting: { run: Run; wait: Estimate }[];
}

/** The queue as it stands now. */
export function queueOf(deps: Deps, now: number): Queue {
  const { store } = deps;
  const active = visibleActive(deps);
  const waits = waitingTimes(deps, active, now);
  return {
    running: active.filter((run) => run.state === "running").map((run) => {
      const progress = store.progressOf(run.run);
      const stages = progress.stages.filter((stage) => isRunning(run, stage));
      return { run, stages: stages.map(({ name }) => name), left: timeLeft(deps, run, now) };
    }),
    waiting: active.filter((run) => run.state === "queued").map((run) => ({
      run,
      wait: waits.get(run.run) ?? null,
    })),
  };
}

/** The queue as the API shows it. */
export function queueView({ running, waiting }: Queue, deps: Deps): QueueView {
  const seconds = (ms: Estimate) => ms === null ? null : Math.round(ms / 1000);
  return {
    running: running.map(({ run, stages, left }) => ({
      run: runSummary(run, deps),
      stages,
      secondsLeft: seconds(left),
    })),
    waiting: waiting.map(({ run, wait }) => ({ run: runSummary(run, deps), secondsToStart: seconds(wait) })),
  };
}

import { type RunView, runView } from "../../protocol/dashboard_api.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import type { Progress, Step } from "../host/progress.ts";

export interface WatchOptions {
  dashboard: string;
  fetch: typeof fetch;
  progress: Progress;
  /** Limit for the whole run in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
}

const waiting = new Set(["queued", "running"]);

/** Follows a run on the dashboard, a step a stage, until it has ended, and returns it as it then stands. */
export async function watchRun(run: string, options: WatchOptions): Promise<RunView> {
  const open = new Map<string, Step>();
  const said = new Set<string>();
  return await waitFor(async () => {
    const view = await readRun(run, options);
    if (view === undefined) return undefined;
    for (const stage of view.stages) {
      if (said.has(stage.name)) continue;
      if ((stage.running || stage.report !== null) && !open.has(stage.name)) {
        open.set(stage.name, options.progress.step(`  ${stage.name}`));
      }
      if (stage.report === null) continue;
      const { result, cause, reason, proofs } = stage.report;
      const text = cause ?? reason ?? proofs.join(", ");
      const step = open.get(stage.name);
      if (result === "failed" || result === "infra") step?.fail(text);
      else step?.done(`${result === "passed" ? "" : `${result}: `}${text}`);
      said.add(stage.name);
    }
    return waiting.has(view.state) ? undefined : view;
  }, {
    what: `run ${run} to end`,
    timeoutMs: options.timeoutMs,
    everyMs: 400,
    clock: systemClock,
    signal: options.signal,
  });
}

/** A run as the dashboard shows it; `undefined` while it does not know it or does not answer. */
export async function readRun(
  run: string,
  options: Pick<WatchOptions, "dashboard" | "fetch">,
): Promise<RunView | undefined> {
  try {
    const response = await options.fetch(`${options.dashboard}/api/runs/${run}`);
    if (response.status !== 200) return undefined;
    return runView.parse(await response.json());
  } catch (error) {
    if (error instanceof Error && error.name === "ZodError") throw error;
    return undefined;
  }
}

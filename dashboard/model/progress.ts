import type { RunEvent } from "../../protocol/events.ts";
import { type RunResult, type StageName, stageNames, type StageReport } from "../../protocol/result.ts";

/** One stage of a run as far as it is known. */
export interface StageProgress {
  name: StageName;
  /** Milliseconds since the epoch; `null` before it began. */
  startedAt: number | null;
  report: StageReport | null;
}

/** Lines of log per stage. A line's number within its stage is its public address. */
export type LineCounts = Partial<Record<StageName, number>>;

/** What a run's events add up to. Folding the same events again gives the same value. */
export interface Progress {
  startedAt: number | null;
  commit: string | null;
  dirty: boolean;
  base: string | null;
  stages: StageProgress[];
  lines: LineCounts;
  result: RunResult | null;
}

/** A run nothing is known of yet. */
export function emptyProgress(): Progress {
  return { startedAt: null, commit: null, dirty: false, base: null, stages: [], lines: {}, result: null };
}

/** Adds one event, in place. */
export function applyEvent(progress: Progress, event: RunEvent): void {
  switch (event.type) {
    case "run.started":
      progress.startedAt = Date.parse(event.t);
      for (const name of event.stages) stageOf(progress, name);
      break;
    case "run.subject":
      progress.commit = event.commit;
      progress.dirty = event.dirty;
      progress.base = event.base;
      break;
    case "stage.started": {
      const stage = stageOf(progress, event.stage);
      stage.startedAt = Date.parse(event.t);
      stage.report = null;
      break;
    }
    case "stage.finished":
      stageOf(progress, event.report.name).report = event.report;
      break;
    case "log":
      progress.lines[event.stage] = (progress.lines[event.stage] ?? 0) + 1;
      break;
    case "run.finished":
      progress.result = event.result;
      progress.startedAt ??= Date.parse(event.result.startedAt);
      progress.commit = event.result.commit ?? progress.commit;
      progress.dirty = event.result.dirty;
      progress.base = event.result.base;
      for (const report of event.result.stages) stageOf(progress, report.name).report = report;
      break;
  }
}

function stageOf(progress: Progress, name: StageName): StageProgress {
  const known = progress.stages.find((stage) => stage.name === name);
  if (known !== undefined) return known;
  const stage: StageProgress = { name, startedAt: null, report: null };
  progress.stages.push(stage);
  progress.stages.sort((a, b) => stageNames.indexOf(a.name) - stageNames.indexOf(b.name));
  return stage;
}

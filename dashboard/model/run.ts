import { announcement, type RunState } from "../../protocol/dashboard_api.ts";
import type { Subject } from "../../protocol/params.ts";
import type { StageName, StageOutcome, Unreported } from "../../protocol/result.ts";
import type { Progress, StageProgress } from "./progress.ts";

/** Whom a run speaks for; see the subject rule in `standing.ts`. */
export type RunClass = "public" | "pr" | "private";

/** A run as lists show it. Times are milliseconds since the epoch. */
export interface Run {
  seq: number;
  run: string;
  recipe: string;
  class: RunClass;
  subject: Subject;
  commit: string;
  dirty: boolean;
  base: string | null;
  link: string | null;
  /** What else its page should say, by the bridge's word. */
  remark: string | null;
  state: RunState;
  position: number;
  level: number | null;
  /** Stage that decided a bad result. */
  stage: StageName | null;
  cause: string | null;
  announcedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  heartbeatAt: number | null;
  /** The runner host that reports the run; `null` before one did. */
  host: string | null;
  /** Name of the artefact that shows the app's page, if there is one. */
  thumbnail: string | null;
  /** Events stored, and the bytes they take in the log file. */
  events: number;
  bytes: number;
}

/** A run with everything its events said. */
export interface RunDetail extends Run {
  progress: Progress;
  artefacts: Artefact[];
}

export interface Artefact {
  name: string;
  bytes: number;
}

/** All states, in the order of a run's life. */
export const runStates: readonly RunState[] = [...announcement.shape.state.options];
const activeStates: readonly RunState[] = ["queued", "running"];
/** States that say something about the recipe. Trouble of the CI, a cancelled or a replaced run say nothing. */
export const verdictStates: readonly RunState[] = ["passed", "failed", "timed_out"];

export function isActive(run: Pick<Run, "state">): boolean {
  return activeStates.includes(run.state);
}

export function isVerdict(run: Pick<Run, "state">): boolean {
  return verdictStates.includes(run.state);
}

export function classOf(subject: Subject): RunClass {
  switch (subject.kind) {
    case "branch":
    case "tag":
      return "public";
    case "pr":
      return "pr";
    case "worktree":
      return "private";
  }
}

/** Ends of runs of which the bridge knows more than the harness: who asked for it, or what took the run's place. */
const givenUp: readonly RunState[] = ["infra", "cancelled", "superseded", "expired"];

/** Whether the harness says no more than that it was stopped, and the bridge knows why it was. */
export function wasStopped(announced: RunState, { result }: Progress): boolean {
  return result?.result === "cancelled" && givenUp.includes(announced);
}

/** The state that follows from what the bridge announced and what the harness reported. */
export function stateOf(announced: RunState, progress: Progress): RunState {
  if (progress.result !== null) return wasStopped(announced, progress) ? announced : progress.result.result;
  if (!activeStates.includes(announced)) return announced;
  return progress.startedAt !== null ? "running" : announced;
}

/** What became of a stage as far as is known. @param run the run it belongs to */
export function outcomeOf(run: Pick<Run, "state">, stage: StageProgress): StageOutcome | Unreported {
  if (stage.report !== null) return stage.report.result;
  const begun = stage.startedAt !== null;
  // A machine that died reports nothing any more: only the bridge's word ends such a run.
  if (isActive(run)) return begun ? "running" : "waiting";
  return begun ? "broken" : "unreached";
}

/** True while the stage has begun and has no report, in a run that goes on. */
export function isRunning(run: Pick<Run, "state">, stage: StageProgress): boolean {
  return outcomeOf(run, stage) === "running";
}

import { type RunView, runView } from "../protocol/dashboard_api.ts";
import type { RunOutcome } from "../protocol/result.ts";

/** All times are milliseconds since the epoch. */
export type CommandKind = "none" | "test" | "cancel" | "help" | "unclear";
/** `seen` waits for a decision; the others are final. */
export type CommandState = "seen" | "ignored" | "refused" | "accepted" | "answered";

/** A comment on a pull request. Those that ask for nothing are kept too: an edit must not make a command of them. */
export interface CommandRow {
  comment: number;
  repo: string;
  pr: number;
  user_id: number;
  login: string;
  /** By the forge's clock, whole seconds. */
  written_at: number;
  kind: CommandKind;
  /** Commit given with the command. */
  argument: string | null;
  state: CommandState;
  reason: string | null;
  /** By our clock. */
  seen_at: number;
}
export type NewCommand = CommandRow;

/**
 * accepted → commented → queued → starting → running → finished → reported. `starting` means that the engine may
 * have been asked; `finished` that the outcome is known; `reported` that the comment says so.
 */
export type RunState = "accepted" | "commented" | "queued" | "starting" | "running" | "finished" | "reported";

export interface Run {
  id: string;
  attempt: number;
  /** Comment that asked for it. */
  comment: number;
  recipe: string;
  repo: string;
  pr: number;
  /** Commit under test, pinned when the command was accepted. */
  ref: string;
  login: string;
  state: RunState;
  outcome: RunOutcome | null;
  /** Why it ended so, where the harness did not say it itself. */
  cause: string | null;
  accepted_at: number;
  started_at: number | null;
  finished_at: number | null;
  /** Member who asked to stop it. */
  cancelled_by: string | null;
  /** Why it is to stop, where nobody asked for it; a sentence without a final period. */
  stop: string | null;
  /** What went wrong with the CI in the attempt before this one. */
  trouble: string | null;
  /** Announcement the dashboard confirmed last, JSON. */
  announced: string | null;
  /** The dashboard's view of the run, JSON, and when it was last different. */
  view: string | null;
  view_at: number | null;
  /** 1 once the final text may be written: the result is there, or it was waited for long enough. */
  settled: number;
  /** 1 once the dashboard has confirmed the end and we have its result: nothing more is asked of it. */
  complete: number;
}

/** One comment of ours: the text wanted and the text the forge is known to have. */
export interface Post {
  key: string;
  /** Unguessable word hidden in the comment, by which it is found when its id was lost. */
  marker: string;
  repo: string;
  pr: number;
  body: string;
  planned_at: number;
  /** When `body` last changed. */
  wanted_at: number;
  /** 1 when `body` holds a run's verdict, 2 when that is folded because a newer run's comment follows. */
  final: number;
  /** Id on the forge once known. */
  id: number | null;
  /** Text the forge confirmed. */
  delivered: string | null;
  delivered_at: number | null;
  /** 1 once a POST may have been carried out: look before posting again. */
  attempted: number;
  /** 1 once a deleted comment was written anew: that happens once. */
  recreated: number;
  tries: number;
  not_before: number;
  /** 1 when the forge does not let us write there. */
  dead: number;
  error: string | null;
}

/** The name a run goes by outside the bridge. */
export function runName(run: Pick<Run, "id" | "attempt">): string {
  return `${run.id}-${run.attempt}`;
}

/** How often a run is tried at most. Only CI trouble is a reason to try again. */
export const mostAttempts = 3;

/** Whether a run that is over gets another attempt. One that could not even be started was tried for long enough. */
export function isRetried(run: Run): boolean {
  return run.state === "finished" && run.outcome === "infra" && run.started_at !== null &&
    run.attempt < mostAttempts && !isToStop(run);
}

/** Why a run is to stop when a newer one of its pull request was accepted. */
export const superseded = "A newer command took its place";

/** Whether somebody, or something, wants it to end. */
export function isToStop(run: Pick<Run, "cancelled_by" | "stop">): boolean {
  return run.cancelled_by !== null || run.stop !== null;
}

/** What the dashboard said of a run, if anything. */
export function viewOf(run: Pick<Run, "view">): RunView | null {
  if (run.view === null) return null;
  const parsed = runView.safeParse(JSON.parse(run.view));
  return parsed.success ? parsed.data : null;
}

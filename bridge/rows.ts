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
  /** Page on the dashboard. */
  page: string | null;
  /** Announcement the dashboard confirmed last, JSON. */
  announced: string | null;
  /** The dashboard's view of the run, JSON, and when it was last different. */
  view: string | null;
  view_at: number | null;
  /** 1 once the final text may be written: the result is there, or it was waited for long enough. */
  settled: number;
}

/** One comment of ours: the text wanted and the text the forge is known to have. */
export interface Post {
  key: string;
  repo: string;
  pr: number;
  body: string;
  planned_at: number;
  /** When `body` last changed. */
  wanted_at: number;
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

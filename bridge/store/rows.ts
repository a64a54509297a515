import { longestWaitMs } from "../../common/answer.ts";
import { type RunState as ShownState, type RunView, runView } from "../../protocol/dashboard_api.ts";
import type { Subject } from "../../protocol/params.ts";
import { isEnrolmentFault, type RunOutcome } from "../../protocol/result.ts";

/**
 * What a comment asks for. `too-short`: a commit of which too few digits are given. `edited`: it became a command only after it was written, by its author or by anybody who may edit there.
 * `late`: a command that was too old already when it could first be read.
 *
 * All times below are milliseconds since the epoch.
 */
export type CommandKind = "none" | "test" | "too-short" | "cancel" | "help" | "unclear" | "edited" | "late";
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
  /** Commit given with the command, or its beginning. */
  commit: string | null;
  state: CommandState;
  reason: string | null;
  /** By our clock. */
  seen_at: number;
}

/**
 * A run that was asked for by a comment on a pull request, or one of a branch, which nobody asked for and which has no
 * comment.
 *
 * accepted → commented → queued → starting → running → finished → reported. `starting` means that the engine may
 * have been asked; `finished` that the outcome is known; `reported` that the comment says so.
 */
export type RunState = "accepted" | "commented" | "queued" | "starting" | "running" | "finished" | "reported";

export interface Run {
  id: string;
  attempt: number;
  /** Comment that asked for it; like `pr` and `login` `null` for a run of a branch. */
  comment: number | null;
  recipe: string;
  repo: string;
  pr: number | null;
  /** The branch, if it is a run of one. */
  branch: string | null;
  /** Commit under test, pinned when the run was accepted. */
  commit: string;
  login: string | null;
  state: RunState;
  outcome: RunOutcome | null;
  /** Why it ended so, where the harness did not say it itself. */
  cause: string | null;
  accepted_at: number;
  /**
   * When the bridge last asked the engine to start it, or may have; `null` while the engine certainly has nothing of
   * it.
   */
  asked_at: number | null;
  /** When its turn came, and so since when it waits for a runner. */
  turn_at: number | null;
  /** When it began to run, by the engine's word or the harness' own. */
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
  /** When to announce it once more, as an older announcement may be carried out late until then; 0 for never. */
  announce_again_at: number;
  /** The dashboard's view of the run, JSON, and when it was last different. */
  view: string | null;
  view_at: number | null;
  /** Where the engine shows it, JSON; `null` until that is known, and if it does not. */
  engine_page: string | null;
  /** 1 once the final text may be written: the result is there, or it was waited for long enough. */
  settled: number;
  /** 1 once the dashboard has confirmed the end and we have its result: nothing more is asked of it. */
  complete: number;
  /** 1 when the dashboard said something new that its text does not show yet. */
  outdated: number;
}

/** A run of a pull request: the forge shows how it goes. */
export type PullRun = Run & { comment: number; pr: number; login: string };

export function isOfPull(run: Run): run is PullRun {
  return run.pr !== null;
}

/** What a run is about. */
export function subjectOf(run: Run): Subject {
  return isOfPull(run)
    ? { kind: "pr", pr: run.pr, src: run.repo }
    : { kind: "branch", name: run.branch ?? "HEAD", src: run.repo };
}

/** A run at its beginning. */
export function newRun(
  facts: Pick<
    Run,
    "id" | "comment" | "recipe" | "repo" | "pr" | "branch" | "commit" | "login" | "accepted_at"
  >,
): Run {
  return {
    ...facts,
    attempt: 1,
    state: "accepted",
    outcome: null,
    cause: null,
    asked_at: null,
    turn_at: null,
    started_at: null,
    finished_at: null,
    cancelled_by: null,
    stop: null,
    trouble: null,
    announced: null,
    announce_again_at: 0,
    view: null,
    view_at: null,
    engine_page: null,
    settled: 0,
    complete: 0,
    outdated: 0,
  };
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
  /** Until then a call that got no answer may be carried out late; 0 if there is none. */
  unsure_until: number;
  /** 1 once a deleted comment was written anew: that happens once. */
  recreated: number;
  /** How often it was put right after somebody else had changed it. */
  repairs: number;
  tries: number;
  not_before: number;
  /** 1 when the forge does not let us write there. */
  dead: number;
  error: string | null;
}

/** What the forge said when it last did not take a text, without the call it said it to. */
export function saidBy({ error }: Pick<Post, "error">): string {
  return error === null ? "no reason given" : error.replace(/^[A-Z]+ \S+: /, "");
}

/** Key of a run's comment among the posts. */
export function postKey(run: Pick<Run, "id">): string {
  return `run:${run.id}`;
}

/** The name a run goes by outside the bridge. */
export function runName(run: Pick<Run, "id" | "attempt">): string {
  return `${run.id}-${run.attempt}`;
}

/** How often a run is tried at most. Only CI trouble is a reason to try again, and not if a person has to mend it first. */
export const mostAttempts = 3;

/**
 * Whether a run that is over gets another attempt. Starting a run that the engine refused was tried often enough
 * already.
 */
export function isRetried(run: Run): boolean {
  const result = viewOf(run)?.result ?? null;
  return run.state === "finished" && run.outcome === "infra" && run.asked_at !== null &&
    run.attempt < mostAttempts && !isToStop(run) && (result === null || !isEnrolmentFault(result));
}

/** Pause before another attempt: CI trouble rarely passes at once. A registry that limits pulls may ask for a longer one. */
const beforeRetryMs = 20_000;

/**
 * Until when a registry that limits the host puts off the next attempt of a run, milliseconds since the epoch, as far as
 * it asks for no more than an hour; `null` where nobody asks for longer than the usual pause.
 */
export function putOffUntil(run: Run): number | null {
  const ended = run.finished_at ?? 0;
  const at = Math.min(Date.parse(viewOf(run)?.result?.retryAt ?? ""), ended + longestWaitMs);
  return at > ended + beforeRetryMs ? at : null;
}

/** When a run gets its next attempt, milliseconds since the epoch. */
export function retriedAt(run: Run): number {
  return putOffUntil(run) ?? (run.finished_at ?? 0) + beforeRetryMs;
}

/** Why a run is to stop when a newer one of its pull request was accepted. */
export const superseded = "A newer command took its place";
/** Why a run of a branch is to stop when the branch moves before its turn. */
export const movedOn = "The branch moved on before its turn came";

/** Why a run ends that waited for so long that whoever asked for it has gone on. */
export const expired = "It waited for more than 24 hours";

/** Whether it is waiting for its turn. */
export function isWaiting(run: Pick<Run, "state">): boolean {
  return run.state === "accepted" || run.state === "commented" || run.state === "queued";
}

/** How long a runner may take to begin a run, milliseconds. One that is well does so within seconds. */
export const longestTakeMs = 90_000;

/** Milliseconds since its turn came, if nothing runs of it yet; `null` for all others. */
export function waitsForRunner(run: Run, now: number): number | null {
  const had = run.state === "starting" || run.state === "running";
  return had && run.started_at === null && run.turn_at !== null ? now - run.turn_at : null;
}

/** Whether somebody, or something, wants it to end. */
export function isToStop(run: Pick<Run, "cancelled_by" | "stop">): boolean {
  return run.cancelled_by !== null || run.stop !== null;
}

/** Whether the dashboard ever heard anything of the run's harness. */
export function wasHeard(run: Pick<Run, "view">): boolean {
  const view = viewOf(run);
  if (view === null) return false;
  return (view.heardAt ?? view.startedAt) !== null || view.stages.length > 0 || view.result !== null;
}

/** What a run that did not come to a verdict is called, everywhere: stopped by a person, replaced, or too late. */
export function endedAs(run: Pick<Run, "cancelled_by" | "cause" | "stop" | "started_at">): StoppedState {
  if (run.cancelled_by !== null) return "cancelled";
  const why = run.cause ?? run.stop;
  if (why === superseded || why === movedOn) return "superseded";
  return why === expired && run.started_at === null ? "expired" : "cancelled";
}
export type StoppedState = Extract<ShownState, "cancelled" | "superseded" | "expired">;

/** Why a run was stopped, one sentence without a final period; `null` if only its harness may know. */
export function whyStopped(run: Pick<Run, "cancelled_by" | "cause" | "stop">): string | null {
  return run.cancelled_by !== null ? `${run.cancelled_by} asked for it` : run.cause ?? run.stop;
}

/** What the dashboard said of a run, if anything. */
export function viewOf(run: Pick<Run, "view">): RunView | null {
  if (run.view === null) return null;
  const parsed = runView.safeParse(JSON.parse(run.view));
  return parsed.success ? parsed.data : null;
}

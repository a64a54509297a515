import { levelNames, type StageName, type StageOutcome } from "../../protocol/result.ts";
import type { Subject } from "../../protocol/params.ts";
import type { Unreported } from "../model/progress.ts";
import type { Run, RunState } from "../model/run.ts";

/** Everything people read that is not tied to one page. */

export function levelName(level: number | null): string {
  return level === null ? "no level yet" : levelNames[level] ?? "";
}

export const stageTitles: Record<StageName, string> = {
  fetch: "fetch",
  lint: "lint",
  install: "install",
  backup: "backup",
  restore: "restore",
  tests: "tests",
  upgrade: "upgrade",
  teardown: "teardown",
};

/** What a passed stage proves. */
export const stageProves: Record<StageName, string> = {
  fetch: "The tested object is the commit the maintainer saw",
  lint: "Mistakes that can be seen without deploying",
  install: "A newcomer can install it",
  backup: "There is a backup",
  restore: "The backup can really be restored",
  tests: "What the recipe's authors know",
  upgrade: "People who run it today can take this change",
  teardown: "Nothing left, nothing foreign gone",
};

export const stateWords: Record<RunState, string> = {
  queued: "queued",
  running: "running",
  passed: "passed",
  failed: "failed",
  infra: "CI trouble",
  cancelled: "cancelled",
  timed_out: "timed out",
  superseded: "superseded",
  expired: "expired",
};

export const outcomeWords: Record<StageOutcome | Unreported, string> = {
  passed: "passed",
  failed: "failed",
  skipped: "skipped",
  blocked: "blocked",
  infra: "CI trouble",
  running: "running",
  waiting: "waiting",
  broken: "broken off",
  unreached: "not reached",
};

/** `3fa9c1b`, with `+U` when uncommitted changes were tested as they stood. */
export function shortCommit(run: Pick<Run, "commit" | "dirty">): string {
  return run.commit.slice(0, 7) + (run.dirty ? "+U" : "");
}

/** `PR #12`, `main`, `2.1.0+2.2.13`. */
export function subjectText(subject: Subject): string {
  switch (subject.kind) {
    case "pr":
      return `PR #${subject.pr}`;
    case "branch":
    case "tag":
      return subject.name;
    case "worktree":
      return "work tree";
  }
}

/** The repository a run is about, if it is on a forge. */
export function repositoryOf(subject: Subject): string | null {
  return subject.kind === "worktree" ? null : subject.src;
}

/** `45 s`, `3 min`, `2 h`, `3 days`, `7 weeks`, `14 months`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  if (days < 21) return days === 1 ? "1 day" : `${days} days`;
  if (days < 90) return `${Math.floor(days / 7)} weeks`;
  return `${Math.floor(days / 30)} months`;
}

/** `just now`, `3 h ago`. */
export function ago(ms: number): string {
  return ms < 10_000 ? "just now" : `${span(ms)} ago`;
}

/** A duration of a stage or run: `0.4 s`, `12 s`, `3 min 05 s`, `1 h 04 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
}

/** `1 run`, `3 runs`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

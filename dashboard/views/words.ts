import { levelNames, type StageName, type StageOutcome } from "../../protocol/result.ts";
import type { Subject } from "../../protocol/params.ts";
import type { RunState, Unreported } from "../model/run.ts";

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

/** `1 run`, `3 runs`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

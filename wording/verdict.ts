import { shortCommit, type Subject } from "../protocol/params.ts";
import {
  blockedBy,
  cancelledReason,
  isEnrolmentFault,
  type RunResult,
  type StageName,
  type StageReport,
} from "../protocol/result.ts";
import { runVerbs, stageLooks } from "./outcomes.ts";

/** Everything a reader is told about how a run or a stage ended comes from here, without markup. */

/** What was tested: `3fa9c1b` or, with uncommitted changes, `3fa9c1b+U`; `null` before the commit is known. */
export function testedCommit(run: { commit: string; dirty: boolean }): string;
export function testedCommit(run: { commit: string | null; dirty: boolean }): string | null;
export function testedCommit({ commit, dirty }: { commit: string | null; dirty: boolean }): string | null {
  return commit === null ? null : shortCommit(commit) + (dirty ? "+U" : "");
}

/** What was tested, with its recipe: `3fa9c1b of miniflux`, or `miniflux` when no commit was reached. */
export function testedName(run: { recipe: string; commit: string | null; dirty: boolean }): string {
  const commit = testedCommit(run);
  return commit === null ? run.recipe : `${commit} of ${run.recipe}`;
}

/** Where it came from: `PR #12`, `branch main`, `default branch`, `tag 1.0.0+2`, `working tree`; of a checkout also `commit 3fa9c1b`. */
export function subjectName(subject: Subject): string {
  switch (subject.kind) {
    case "pr":
      return `PR #${subject.pr}`;
    case "branch":
      // What it is called is known once the repository was asked.
      return subject.name === "HEAD" ? "default branch" : `branch ${subject.name}`;
    case "tag":
      return `tag ${subject.name}`;
    case "worktree":
      return subject.revision ?? "working tree";
  }
}

/** The folder that holds a recipe's enrolment. */
export function enrolmentFolder(recipe: string): string {
  return `recipes/${recipe}`;
}

/**
 * How the run ended, without what was tested: `passed, backup and restore skipped`, `failed in upgrade: …`,
 * `failed (enrolment): …`, `could not be tested (enrolment): …`.
 */
export function verdict(result: RunResult): string {
  const where = isEnrolmentFault(result)
    ? " (enrolment)"
    : result.stage === null
    ? ""
    : ` in ${result.stage}`;
  const why = result.cause === null ? "" : `: ${result.cause}`;
  switch (result.result) {
    case "passed": {
      const missing = (["skipped", "blocked"] as const).flatMap((how) => {
        const names = result.stages.filter((stage) => stage.result === how).map(({ name }) => name);
        return names.length === 0 ? [] : [`${enumerate(names)} ${how}`];
      });
      return [runVerbs.passed, ...missing].join(", ");
    }
    case "infra":
      return `${runVerbs.infra}${isEnrolmentFault(result) ? where : ""}${why}`;
    case "failed":
    case "cancelled":
    case "timed_out":
      return `${runVerbs[result.result]}${where}${why}`;
  }
}

/** The verdict as one sentence: `3fa9c1b of miniflux failed in upgrade: data written before … is gone`. */
export function headline(result: RunResult): string {
  return `${testedName(result)} ${verdict(result)}`;
}

/** Whom a bad result concerns, for readers who would take it for the recipe's fault. */
export function blame(result: RunResult): string | null {
  if (isEnrolmentFault(result)) {
    return `This is a mistake in ${enrolmentFolder(result.recipe)} of cc-ci, not in the recipe`;
  }
  if (result.result !== "infra") return null;
  return "This is trouble of the CI host, not of the recipe";
}

/** Whether the run came to a verdict about the recipe. */
export function judged(result: RunResult): boolean {
  return result.result === "passed" || (result.result === "failed" && !isEnrolmentFault(result));
}

/** Whether the level says anything: there is a verdict, and the first rung was tried at all. */
export function hasLevel(result: RunResult): boolean {
  return judged(result) &&
    result.stages.some(({ name, result }) => name === "install" && result !== "skipped");
}

/** What a stage's line says beside its name: what was proved, or why not. */
export function stageText(report: StageReport): string {
  switch (report.result) {
    case "passed":
      return report.proofs.join(", ");
    case "failed":
      return report.cause ?? stageLooks.failed.word;
    case "infra":
      return `${report.fault === "enrolment" ? "mistake in the enrolment" : stageLooks.infra.word}: ${
        report.cause ?? "unknown"
      }`;
    case "skipped":
      // Nobody skipped a stage that worked until somebody stopped the run.
      return report.reason?.startsWith(cancelledReason)
        ? report.reason
        : `skipped: ${report.reason ?? "not needed"}`;
    case "blocked":
      return blockedBy(report.reason ?? "an earlier stage");
  }
}

/** That no real abra was used, and for what; null where one was, or none was needed. */
export function standInNote({ abraStandIn, stages }: RunResult): string | null {
  const ran = (...names: StageName[]) =>
    stages.some(({ name, result }) => names.includes(name) && !["skipped", "blocked"].includes(result));
  const did = ran("install", "upgrade") ? "deployed the recipe" : ran("lint") ? "looked at the recipe" : null;
  if (!abraStandIn || did === null) return null;
  return `No abra is installed where this ran: cc-ci's stand-in ${did}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

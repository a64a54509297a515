import { type RunOutcome, type StageName, stageNames, type StageReport } from "../../protocol/result.ts";

/** How a run came to its end, stages aside. */
export type RunEnd =
  | { kind: "finished" }
  | { kind: "cancelled"; cause: string }
  | { kind: "timed_out"; cause: string; stage: StageName | null }
  | { kind: "infra"; cause: string; stage: StageName | null };

export interface Verdict {
  result: RunOutcome;
  /** Stage that decided a bad result. */
  stage: StageName | null;
  cause: string | null;
}

/** Stages without which nothing has been shown. */
const indispensable: readonly StageName[] = ["fetch", "install", "teardown"];

/**
 * The result of a run. A stage that failed stands, whatever went wrong elsewhere; trouble with the surroundings comes
 * next, so that nobody is blamed for it; `passed` takes proof.
 * @param reports of all stages the run went through, in any order
 */
export function verdict(reports: readonly StageReport[], end: RunEnd): Verdict {
  const sorted = reports.toSorted((a, b) => stageNames.indexOf(a.name) - stageNames.indexOf(b.name));
  if (end.kind === "cancelled") return { result: "cancelled", stage: null, cause: end.cause };
  if (end.kind === "timed_out") return { result: "timed_out", stage: end.stage, cause: end.cause };
  const failed = sorted.find((one) => one.result === "failed");
  if (failed !== undefined) return of("failed", failed);
  if (end.kind === "infra") return { result: "infra", stage: end.stage, cause: end.cause };
  const infra = sorted.find((one) => one.result === "infra");
  if (infra !== undefined) return of("infra", infra);
  const missing = sorted.find((one) => indispensable.includes(one.name) && one.result === "blocked");
  if (missing !== undefined) return of("infra", missing);
  return { result: "passed", stage: null, cause: null };
}

function of(result: RunOutcome, report: StageReport): Verdict {
  const cause = report.cause ?? (report.reason === undefined ? null : `Blocked by ${report.reason}`);
  return { result, stage: report.name, cause };
}

/** Rungs that a run can climb, from 1; above them is only to be clean. */
const rungs: readonly StageName[] = ["install", "upgrade", "restore", "tests"];

/**
 * The level reached: 0 does not install, 1 installs, 2 upgrades, 3 backup restores, 4 own tests pass, 5 clean. A rung
 * that cannot apply (skipped) is stepped over without counting; the first that was not passed ends the climb. Clean
 * is a run that came to the top and in which nothing failed and nothing was found that blemishes it.
 */
export function levelOf(reports: readonly StageReport[]): number {
  let level = 0;
  for (const [index, name] of rungs.entries()) {
    const report = reports.find((one) => one.name === name);
    if (report?.result === "passed") level = index + 1;
    else if (report?.result !== "skipped") return level;
  }
  return level > 0 && isClean(reports) ? rungs.length + 1 : level;
}

function isClean(reports: readonly StageReport[]): boolean {
  const linted = reports.some((one) => one.name === "lint" && one.result === "passed");
  return linted &&
    reports.every((one) =>
      ["passed", "skipped"].includes(one.result) && one.blemishes.length === 0 && one.findings.length === 0
    );
}

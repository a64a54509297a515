import {
  blockedBy,
  highestLevel,
  levels,
  type RunOutcome,
  type StageName,
  stageNames,
  type StageReport,
} from "../../protocol/result.ts";

/** How a run came to its end, apart from the results of its stages. */
export type RunEnd =
  | { kind: "finished" }
  | { kind: "cancelled"; cause: string }
  | { kind: "timed_out"; cause: string; stage: StageName | null }
  | { kind: "infra"; cause: string; stage: StageName | null }
  /** A stage was ended because of what it depends on, which the cause names as the rest of "blocked by". */
  | { kind: "blocked"; cause: string; stage: StageName };

export interface Verdict {
  result: RunOutcome;
  /** Stage that decided a bad result. */
  stage: StageName | null;
  cause: string | null;
}

/** Stages without which a run proves nothing: if one of them is blocked, the run cannot have passed. */
const indispensable: readonly StageName[] = ["fetch", "install", "teardown"];

/**
 * The result of a run. If the run was cancelled or took too long, that is the result. Otherwise a stage that failed
 * decides, whatever else went wrong; after that comes trouble with the surroundings, for which nobody is blamed. A run
 * passes only if its indispensable stages were not blocked.
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
  const cause = report.cause ?? (report.reason === undefined ? null : capital(blockedBy(report.reason)));
  return { result, stage: report.name, cause };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * The level reached: the highest rung of {@linkcode levels} that the run climbed to. A rung whose stage was skipped is
 * stepped over and does not count; the first rung whose stage did not pass ends the climb. A run that climbed to the
 * end and is clean gets the highest level: nothing in it failed, and nothing was found that blemishes it. A note of
 * lint does not.
 */
export function levelOf(reports: readonly StageReport[]): number {
  let reached = 0;
  for (const [level, { stage }] of levels.entries()) {
    if (stage === null) continue;
    const report = reports.find((one) => one.name === stage);
    if (report?.result === "passed") reached = level;
    else if (report?.result !== "skipped") return reached;
  }
  return reached > 0 && isClean(reports) ? highestLevel : reached;
}

function isClean(reports: readonly StageReport[]): boolean {
  const linted = reports.some((one) => one.name === "lint" && one.result === "passed");
  return linted &&
    reports.every((one) =>
      ["passed", "skipped"].includes(one.result) && one.blemishes.length === 0 &&
      one.findings.every(({ severity }) => severity === "note")
    );
}

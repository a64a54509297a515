import type { RunResult, StageName, StageOutcome } from "../protocol/result.ts";
import { isVerdict, type Run } from "./run.ts";
import type { Progress } from "./progress.ts";
import { testedAt } from "./standing.ts";

/** A run with what its stages took, for a chart. */
export interface Timed {
  run: Run;
  stages: { name: StageName; seconds: number }[];
}

/** One version that runs upgraded from. */
export interface UpgradePath {
  base: string;
  runs: number;
  passed: number;
  last: Run;
  outcome: StageOutcome;
}

/** How often the same commit got different verdicts. */
export interface Flakes {
  /** Commits with more than one verdict. */
  repeated: number;
  /** Those of them that both passed and failed. */
  flaky: number;
}

/** What the stages of each run took. Stages that were not run are left out. */
export function timed(runs: readonly Run[], progress: readonly Progress[]): Timed[] {
  return runs.map((run, at) => ({
    run,
    stages: (progress[at]?.stages ?? []).flatMap(({ name, report }) =>
      report === null || report.seconds === 0 ? [] : [{ name, seconds: report.seconds }]
    ),
  }));
}

/** The newest run whose services' use was measured. @param runs oldest first */
export function newestMeasured(
  runs: readonly Run[],
  progress: readonly Progress[],
): { run: Run; result: RunResult } | null {
  for (const [at, run] of [...runs.entries()].reverse()) {
    const result = progress[at]?.result ?? null;
    if (result !== null && result.stages.some((stage) => stage.resources.length > 0)) return { run, result };
  }
  return null;
}

/** Versions that were upgraded from, the one of the newest run first. @param runs newest first */
export function upgradePaths(runs: readonly Run[], progress: readonly Progress[]): UpgradePath[] {
  const paths = new Map<string, UpgradePath>();
  for (const [at, run] of runs.entries()) {
    const report = progress[at]?.stages.find((stage) => stage.name === "upgrade")?.report;
    if (run.base === null || report === undefined || report === null) continue;
    if (report.result !== "passed" && report.result !== "failed") continue;
    const path = paths.get(run.base) ??
      { base: run.base, runs: 0, passed: 0, last: run, outcome: report.result };
    path.runs++;
    if (report.result === "passed") path.passed++;
    paths.set(run.base, path);
  }
  return [...paths.values()].sort((a, b) => testedAt(b.last) - testedAt(a.last));
}

/** Counts commits whose verdict depends on the day. A work tree's uncommitted changes are no commit. */
export function flakes(runs: readonly Run[]): Flakes {
  const verdicts = new Map<string, boolean[]>();
  for (const run of runs) {
    if (!isVerdict(run) || run.dirty) continue;
    const key = `${run.commit} ${run.base}`;
    verdicts.set(key, [...verdicts.get(key) ?? [], run.state === "passed"]);
  }
  const repeated = [...verdicts.values()].filter((all) => all.length > 1);
  return {
    repeated: repeated.length,
    flaky: repeated.filter((all) => all.includes(true) && all.includes(false)).length,
  };
}

import type { StageName, StageOutcome } from "../protocol/result.ts";
import { isVerdict, type Run } from "./run.ts";
import { testedAt } from "./standing.ts";
import type { PastRun, TestedCommit } from "./store_history.ts";

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
export function timed(runs: readonly PastRun[]): Timed[] {
  return runs.map((run) => ({ run, stages: run.stages.filter((stage) => stage.seconds > 0) }));
}

/** Versions that were upgraded from, the one of the newest run first. @param runs newest first */
export function upgradePaths(runs: readonly PastRun[]): UpgradePath[] {
  const paths = new Map<string, UpgradePath>();
  for (const run of runs) {
    const outcome = run.stages.find((stage) => stage.name === "upgrade")?.outcome;
    if (run.base === null || outcome !== "passed" && outcome !== "failed") continue;
    const path = paths.get(run.base) ?? { base: run.base, runs: 0, passed: 0, last: run, outcome };
    path.runs++;
    if (outcome === "passed") path.passed++;
    paths.set(run.base, path);
  }
  return [...paths.values()].sort((a, b) => testedAt(b.last) - testedAt(a.last));
}

/** Counts commits whose verdict depends on the day. A work tree's uncommitted changes are no commit. */
export function flakes(runs: readonly TestedCommit[]): Flakes {
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

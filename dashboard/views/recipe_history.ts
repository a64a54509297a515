import type { StageName, StageOutcome } from "../../protocol/result.ts";
import type { Run } from "../model/run.ts";
import { testedAt } from "./recipe_standing.ts";
import type { PastRun } from "../store/history.ts";

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
  /** The newest of them. */
  last: PastRun;
  outcome: StageOutcome;
}

/** What the stages of each run took. Stages that were not run are left out. */
export function timed(runs: readonly PastRun[]): Timed[] {
  return runs.map((run) => ({ run, stages: run.stages.filter((stage) => stage.seconds > 0) }));
}

/** Versions that were upgraded from, the one of the newest run first. @param runs newest first */
export function upgradePaths(runs: readonly PastRun[]): UpgradePath[] {
  const paths = new Map<string, UpgradePath>();
  for (const run of runs) {
    const upgrade = run.stages.find((stage) => stage.name === "upgrade");
    if (run.base === null || upgrade === undefined) continue;
    for (const { version: base, outcome } of upgrade.bases ?? [{ ...upgrade, version: run.base }]) {
      if (outcome !== "passed" && outcome !== "failed") continue;
      const path = paths.get(base) ?? { base, runs: 0, passed: 0, last: run, outcome };
      path.runs++;
      if (outcome === "passed") path.passed++;
      paths.set(base, path);
    }
  }
  return [...paths.values()].sort((a, b) => testedAt(b.last) - testedAt(a.last));
}

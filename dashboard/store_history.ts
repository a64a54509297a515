import type { Subject } from "../protocol/params.ts";
import { type Run, type RunClass, verdictStates } from "./run.ts";
import { type StageFact, unpackStages } from "./stage_facts.ts";
import type { Statements } from "./statements.ts";
import { runColumns, toRun } from "./store_rows.ts";

const verdicts = verdictStates.map((state) => `'${state}'`).join(", ");

/** A run with what its recipe's page tells of it years later. */
export interface PastRun extends Run {
  /** Stages that ended, in the order in which they are shown. */
  stages: StageFact[];
  /** Whether it is known what its services used. */
  measured: boolean;
}

/** A run that was compared with a published version. */
export interface ComparedRun {
  run: string;
  base: string;
  stages: StageFact[];
  subject: Subject;
  /** When the tested state was seen. */
  testedAt: number;
}

/** How often the same commit got different verdicts. */
export interface Flakes {
  /** Commits with more than one verdict. */
  repeated: number;
  /** Those of them that both passed and failed. */
  flaky: number;
}

/** The part of the store that is about a recipe's past. It reads no more than is shown: a page looks at many runs. */
export class StoreHistory {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The newest runs of a class that ended in a verdict, oldest first. */
  trend(recipe: string, options: { class: RunClass; limit: number }): PastRun[] {
    return this.#statements.of(
      `SELECT ${runColumns}, stages, measured FROM runs WHERE recipe = ? AND class = ? AND state IN (${verdicts})
       ORDER BY seq DESC LIMIT ?`,
    ).all(recipe, options.class, options.limit).map((row) => ({
      ...toRun(row),
      stages: unpackStages(String(row.stages)),
      measured: row.measured === 1,
    })).reverse();
  }

  /** Runs of a class that compared with a published version, among the newest of a recipe, newest first. */
  compared(recipe: string, options: { class: RunClass; among: number; limit: number }): ComparedRun[] {
    return this.#statements.of(
      `SELECT run, subject, base, stages, tested_at FROM
         (SELECT seq, run, class, subject, base, stages, coalesce(finished_at, started_at, announced_at) AS tested_at
          FROM runs WHERE recipe = ? ORDER BY seq DESC LIMIT ?)
       WHERE class = ? AND base IS NOT NULL ORDER BY seq DESC LIMIT ?`,
    ).all(recipe, options.among, options.class, options.limit).map((row) => ({
      run: String(row.run),
      subject: JSON.parse(String(row.subject)) as Subject,
      base: String(row.base),
      stages: unpackStages(String(row.stages)),
      testedAt: Number(row.tested_at),
    }));
  }

  /**
   * Counts commits whose verdict depends on the day, among the newest runs of a recipe. A work tree's uncommitted
   * changes are no commit.
   */
  flakes(recipe: string, options: { among: number }): Flakes {
    const row = this.#statements.of(
      `SELECT count(*) AS repeated, coalesce(sum(flaky), 0) AS flaky FROM (
         SELECT min(state = 'passed') <> max(state = 'passed') AS flaky FROM
           (SELECT class, commit_id, base, dirty, state FROM runs WHERE recipe = ? ORDER BY seq DESC LIMIT ?)
         WHERE class <> 'private' AND NOT dirty AND state IN (${verdicts})
         GROUP BY commit_id, base HAVING count(*) > 1)`,
    ).get(recipe, options.among);
    return { repeated: Number(row?.repeated), flaky: Number(row?.flaky) };
  }
}

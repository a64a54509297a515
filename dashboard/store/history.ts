import { type Run, type RunClass, verdictStates } from "../model/run.ts";
import { type StageFact, unpackStages } from "../model/stage_facts.ts";
import type { Statements } from "../../common/statements.ts";
import { runColumns, toRun } from "./rows.ts";

const verdicts = verdictStates.map((state) => `'${state}'`).join(", ");

/** A run with what its recipe's page tells of it years later. */
export interface PastRun extends Run {
  /** Stages that ended, in the order in which they are shown. */
  stages: StageFact[];
  /** Whether it is known what its services used. */
  measured: boolean;
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
    return this.#newest(recipe, { ...options, such: `state IN (${verdicts})` }).reverse();
  }

  /** The newest runs of a class that were compared with a published version, newest first. */
  compared(recipe: string, options: { class: RunClass; limit: number }): PastRun[] {
    return this.#newest(recipe, { ...options, such: "base IS NOT NULL" });
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

  #newest(recipe: string, options: { class: RunClass; such: string; limit: number }): PastRun[] {
    return this.#statements.of(
      `SELECT ${runColumns}, stages, measured FROM runs WHERE recipe = ? AND class = ? AND ${options.such}
       ORDER BY seq DESC LIMIT ?`,
    ).all(recipe, options.class, options.limit).map((row) => ({
      ...toRun(row),
      stages: unpackStages(String(row.stages)),
      measured: row.measured === 1,
    }));
  }
}

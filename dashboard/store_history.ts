import type { Run, RunClass } from "./run.ts";
import { verdictStates } from "./run.ts";
import { type StageFact, unpackStages } from "./stage_facts.ts";
import type { Statements } from "./statements.ts";
import { type Row, runColumns, text, toRun } from "./store_rows.ts";

const verdicts = verdictStates.map((state) => `'${state}'`).join(", ");

/** A run with what its recipe's page tells of it years later. */
export interface PastRun extends Run {
  /** Stages that ended, in the order in which they are shown. */
  stages: StageFact[];
  /** Whether it is known what its services used. */
  measured: boolean;
}

/** What tells a commit that passes on some days only. */
export type TestedCommit = Pick<Run, "commit" | "base" | "dirty" | "state">;

/** The part of the store that is about a recipe's past. */
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
    ).all(recipe, options.class, options.limit).map(toPast).reverse();
  }

  /** Runs of a class that compared with a published version, among the newest of a recipe, newest first. */
  compared(recipe: string, options: { class: RunClass; among: number; limit: number }): PastRun[] {
    return this.#statements.of(
      `SELECT ${runColumns}, stages, measured FROM
         (SELECT * FROM runs WHERE recipe = ? ORDER BY seq DESC LIMIT ?)
       WHERE class = ? AND base IS NOT NULL ORDER BY seq DESC LIMIT ?`,
    ).all(recipe, options.among, options.class, options.limit).map(toPast);
  }

  /** The commits of the newest runs that speak for a recipe or a pull request. */
  tested(recipe: string, options: { among: number }): TestedCommit[] {
    return this.#statements.of(
      `SELECT commit_id, base, dirty, state FROM
         (SELECT class, commit_id, base, dirty, state FROM runs WHERE recipe = ? ORDER BY seq DESC LIMIT ?)
       WHERE class <> 'private'`,
    ).all(recipe, options.among).map((row) => ({
      commit: String(row.commit_id),
      base: text(row.base),
      dirty: row.dirty === 1,
      state: String(row.state) as Run["state"],
    }));
  }
}

function toPast(row: Row): PastRun {
  return { ...toRun(row), stages: unpackStages(String(row.stages)), measured: row.measured === 1 };
}

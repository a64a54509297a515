import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../common/sqlite.ts";
import { verdictStates } from "../model/run.ts";
import type { Statements } from "../../common/statements.ts";

const verdicts = verdictStates.map((state) => `'${state}'`).join(", ");

/** How long runs are kept. */
export interface KeepRules {
  /** Milliseconds since the epoch: a run that ended before may go. */
  endedBefore: number;
  /** Newest runs of each recipe that stay. */
  runs: number;
}

/** The part of the store that is about what is kept, and how. */
export class StoreKeeping {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #changed: (recipe: string) => void;

  constructor(
    { db, statements }: { db: DatabaseSync; statements: Statements },
    changed: (recipe: string) => void,
  ) {
    this.#db = db;
    this.#statements = statements;
    this.#changed = changed;
  }

  /** Runs that are over, said nothing since `quietSince`, and whose files are not packed yet, oldest first. */
  toPack(options: { quietSince: number; limit: number }): string[] {
    return this.#statements.of(
      `SELECT run FROM runs WHERE packed_at IS NULL AND state NOT IN ('queued', 'running')
         AND max(coalesce(heartbeat_at, 0), coalesce(finished_at, 0), announced_at) <= ? ORDER BY seq LIMIT ?`,
    ).all(options.quietSince, options.limit).map((row) => String(row.run));
  }

  packed(run: string, options: { now: number }): void {
    this.#statements.of("UPDATE runs SET packed_at = ? WHERE run = ?").run(options.now, run);
  }

  /**
   * Runs of a recipe that may go: over, and too old or too many. What speaks for the recipe always stays: of branches
   * and tags, of pull requests and of work trees the newest run each and the newest two verdicts.
   */
  expendable(recipe: string, rules: KeepRules): string[] {
    return this.#statements.of(
      `WITH ranked AS (
         SELECT seq, run, state, coalesce(finished_at, announced_at) AS ended_at,
           row_number() OVER (ORDER BY seq DESC) AS of_recipe,
           row_number() OVER (PARTITION BY class ORDER BY seq DESC) AS of_class,
           row_number() OVER (PARTITION BY class, state IN (${verdicts}) ORDER BY seq DESC) AS of_kind
         FROM runs WHERE recipe = ?
       )
       SELECT run FROM ranked WHERE state NOT IN ('queued', 'running') AND (of_recipe > ? OR ended_at < ?)
         AND of_class > 1 AND NOT (state IN (${verdicts}) AND of_kind <= 2) ORDER BY seq`,
    ).all(recipe, rules.runs, rules.endedBefore).map((row) => String(row.run));
  }

  /** Forgets a run altogether. */
  drop(run: string): void {
    const recipe = this.#statements.of("SELECT recipe FROM runs WHERE run = ?").get(run)?.recipe;
    transaction(this.#db, () => this.#statements.of("DELETE FROM runs WHERE run = ?").run(run));
    if (recipe !== undefined) this.#changed(String(recipe));
  }
}

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/**
 * Statements of a database, each prepared only once: a prepared statement holds memory outside of the heap, which is
 * freed late.
 */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.of(sql).all(...values) as T[];
  }

  one<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.of(sql).get(...values) as T | undefined;
  }

  /** @returns how many rows were changed */
  do(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.of(sql).run(...values).changes);
  }

  /** Sets the columns given. @returns how many rows were changed */
  update(table: string, changes: object, where: { sql: string; values: SQLInputValue[] }): number {
    const columns = Object.keys(changes);
    if (columns.length === 0) return 0;
    const set = columns.map((column) => `"${column}" = ?`).join(", ");
    return this.do(
      `UPDATE ${table} SET ${set} WHERE ${where.sql}`,
      ...Object.values(changes),
      ...where.values,
    );
  }

  /** The statement with this text. None is ever dropped, because a program has a fixed number of texts. */
  of(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#db.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

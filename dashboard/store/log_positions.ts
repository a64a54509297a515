import type { Statements } from "../../common/statements.ts";
import { type LogPosition, toPosition } from "./rows.ts";

/** The part of the store that knows where in a log file things lie. */
export class StoreLog {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The newest place in the log from which the given event can be reached. */
  positionBeforeEvent(run: string, event: number): LogPosition {
    return toPosition(
      this.#statements.of(
        `SELECT first_event, byte, lines FROM batches WHERE seq = (SELECT seq FROM runs WHERE run = ?)
           AND first_event <= ? ORDER BY first_event DESC LIMIT 1`,
      ).get(run, event),
    );
  }

  /** Where the first batch begins that holds nothing up to the given event; `undefined` while there is none. */
  batchAfterEvent(run: string, event: number): LogPosition | undefined {
    const row = this.#statements.of(
      `SELECT first_event, byte, lines FROM batches WHERE seq = (SELECT seq FROM runs WHERE run = ?)
         AND first_event > ? ORDER BY first_event LIMIT 1`,
    ).get(run, event);
    return row === undefined ? undefined : toPosition(row);
  }

  /** The newest place in the log that lies before line `line` (from 1) of a stage. */
  positionBeforeLine(run: string, line: { stage: string; number: number }): LogPosition {
    return toPosition(
      this.#statements.of(
        `SELECT first_event, byte, lines FROM batches WHERE seq = (SELECT seq FROM runs WHERE run = ?)
           AND coalesce(json_extract(lines, '$.' || ?), 0) < ? ORDER BY first_event DESC LIMIT 1`,
      ).get(run, line.stage, line.number),
    );
  }
}

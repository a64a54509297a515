import type { Run } from "./rows.ts";
import type { Statements } from "../../common/statements.ts";

/** The status wanted of a commit and the one the forge is known to show. */
export interface StatusRow {
  repo: string;
  commit: string;
  /** Id of the run it speaks of. */
  run: string;
  /** A commit status, JSON. */
  wanted: string;
  wanted_at: number;
  /** 1 once it speaks of the run's end. */
  final: number;
  /** What may have been sent: looked up before it is sent again. */
  attempted: string | null;
  /** Until then a call that got no answer may be carried out late; 0 if there is none. */
  unsure_until: number;
  /** What the forge confirmed. */
  delivered: string | null;
  tries: number;
  not_before: number;
  /** 1 when it was given up. */
  dead: number;
  error: string | null;
}

/** Where the bridge keeps the statuses that commits should have. */
export class StatusStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  status({ repo, commit }: Pick<StatusRow, "repo" | "commit">): StatusRow | undefined {
    return this.#db.one(`SELECT * FROM statuses WHERE repo = ? AND "commit" = ?`, repo, commit);
  }

  /** What is wanted from now on, whatever was before. */
  want(row: Pick<StatusRow, "repo" | "commit" | "run" | "wanted" | "wanted_at" | "final">): void {
    this.#db.do(
      'INSERT INTO statuses (repo, "commit", run, wanted, wanted_at, final) VALUES (?, ?, ?, ?, ?, ?) ' +
        "ON CONFLICT DO UPDATE SET run = excluded.run, wanted = excluded.wanted, wanted_at = excluded.wanted_at, " +
        "final = excluded.final, tries = 0, not_before = 0, dead = 0",
      ...[row.repo, row.commit, row.run, row.wanted, row.wanted_at, row.final],
    );
  }

  /** Statuses the forge does not show yet, oldest first, without those of which a call may still be on its way. */
  due(now: number): StatusRow[] {
    const sql = "SELECT * FROM statuses WHERE dead = 0 AND not_before <= ? AND delivered IS NOT wanted " +
      "AND (unsure_until <= ? OR attempted IS NOT wanted) ORDER BY wanted_at, rowid";
    return this.#db.all(sql, now, now);
  }

  /**
   * The forge may have carried out an earlier call after the one it answered: the bridge has to look at what it shows.
   */
  doubt(now: number): void {
    this.#db.do(
      "UPDATE statuses SET delivered = NULL, attempted = wanted, unsure_until = 0 " +
        "WHERE unsure_until > 0 AND unsure_until <= ?",
      now,
    );
  }

  change(row: StatusRow, changes: Partial<Omit<StatusRow, "repo" | "commit">>): void {
    this.#db.update("statuses", changes, {
      sql: 'repo = ? AND "commit" = ?',
      values: [row.repo, row.commit],
    });
  }

  /** Runs that are over and whose commit's status does not say so yet. */
  unfinished(): Run[] {
    return this.#db.all(
      "SELECT runs.* FROM runs JOIN statuses ON statuses.run = runs.id " +
        "WHERE runs.state = 'reported' AND statuses.final = 0",
    );
  }

  /** The run whose outcome a commit shows: its latest. Cancelled ones count only where there are no others. */
  decisiveRun({ repo, commit }: Pick<StatusRow, "repo" | "commit">): Run | undefined {
    const sql = 'SELECT * FROM runs WHERE repo = ? AND "commit" = ? ' +
      "ORDER BY outcome IS 'cancelled', rowid DESC LIMIT 1";
    return this.#db.one(sql, repo, commit);
  }
}

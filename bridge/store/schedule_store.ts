import type { Statements } from "../../common/statements.ts";

/** What is known of an enrolled repository's default branch. Times in milliseconds since the epoch. */
export interface Branch {
  /** Commit of its latest run, if it had one. */
  commit: string | null;
  /** When that run was accepted, or when it was found that there is nothing to run; 0 for never. */
  ran_at: number;
  /** When its head was last read because the repository had changed, by the forge's clock. */
  looked_at: number;
}

/** What the bridge remembers of runs that nobody asks for. Repositories by their name in lower case. */
export class ScheduleStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  branch(repo: string): Branch {
    const sql = 'SELECT "commit", ran_at, looked_at FROM branches WHERE repo = ?';
    return this.#db.one<Branch>(sql, repo) ?? { commit: null, ran_at: 0, looked_at: 0 };
  }

  changeBranch(repo: string, changes: Partial<Branch>): void {
    this.#db.do("INSERT INTO branches (repo) VALUES (?) ON CONFLICT DO NOTHING", repo);
    this.#db.update("branches", changes, { sql: "repo = ?", values: [repo] });
  }

  /** Up to when an owner's changed repositories are known, by the forge's clock; `null` before the first look. */
  touched(owner: string): number | null {
    return this.#db.one<{ touched: number | null }>("SELECT touched FROM owners WHERE name = ?", owner)
      ?.touched ?? null;
  }

  moveTouched(owner: string, touched: number): void {
    const sql = "UPDATE owners SET touched = max(ifnull(touched, 0), ?) WHERE name = ?";
    this.#db.do(sql, touched, owner);
  }

  /** When the latest run was accepted because the one before was old, or none was; 0 for never. */
  get renewedAt(): number {
    const row = this.#db.one<{ value: string }>("SELECT value FROM facts WHERE name = 'renewed_at'");
    return Number(row?.value ?? 0);
  }

  set renewedAt(now: number) {
    const sql = "INSERT INTO facts VALUES ('renewed_at', ?) ON CONFLICT DO UPDATE SET value = excluded.value";
    this.#db.do(sql, String(now));
  }
}

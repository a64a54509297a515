import type { Statements } from "../../common/statements.ts";

/** A pull request whose comments could not be read when the rest of its owner's was. */
export interface Unread {
  repo: string;
  pr: number;
  /** From when on they have to be read, by the forge's clock; milliseconds like the next. */
  since: number;
  /** When that first failed, by our clock. */
  failed_at: number;
}

/** Where the bridge remembers what it has still to read, so that everything else can move on. */
export class UnreadStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Longest waiting first. */
  all(): Unread[] {
    return this.#db.all("SELECT * FROM unread ORDER BY failed_at, repo, pr");
  }

  /** What is there already stays as it is: its beginning is the earlier one. */
  add({ repo, pr, since, failed_at }: Unread): void {
    const sql = "INSERT INTO unread (repo, pr, since, failed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
    this.#db.do(sql, repo, pr, since, failed_at);
  }

  remove({ repo, pr }: Pick<Unread, "repo" | "pr">): void {
    this.#db.do("DELETE FROM unread WHERE repo = ? AND pr = ?", repo, pr);
  }

  /** @returns how many there were that first failed before this time */
  forget(before: number): number {
    return this.#db.do("DELETE FROM unread WHERE failed_at < ?", before);
  }
}

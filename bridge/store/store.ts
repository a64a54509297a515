import type { DatabaseSync } from "node:sqlite";
import { openDatabase, transaction } from "../../common/sqlite.ts";
import { migrations } from "./schema.ts";
import { ScheduleStore } from "./schedule_store.ts";
import { Statements } from "../../common/statements.ts";
import { StatusStore } from "./status_store.ts";
import { UnreadStore } from "./unread_store.ts";
import type { CommandRow, CommandState, Post, PullRun, Run, RunState } from "./rows.ts";

/** States in which a run has its turn ahead of it. */
const waiting = "('accepted', 'commented', 'queued')";
/** States in which a run still has something ahead of it. */
const live = "('accepted', 'commented', 'queued', 'starting', 'running', 'finished')";

/**
 * Everything the bridge remembers. All statements are synchronous, so that what one function here writes, or what a
 * caller groups in {@linkcode Store.atomically}, is in the file as a whole or not at all.
 */
export class Store implements Disposable {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly schedule: ScheduleStore;
  readonly statuses: StatusStore;
  readonly unread: UnreadStore;

  /**
   * @param path database file, created if missing; `:memory:` for one that is forgotten.
   * @param options.durable whether what is written outlives a loss of power. Tests, in which there is none, need not
   * wait for the disk
   */
  constructor(path: string, { durable = true }: { durable?: boolean } = {}) {
    // If a loss of power took the last changes, the bridge would do things twice: post a comment, start a build.
    this.#db = openDatabase(path, { migrations, durable });
    this.#sql = new Statements(this.#db);
    this.schedule = new ScheduleStore(this.#sql);
    this.statuses = new StatusStore(this.#sql);
    this.unread = new UnreadStore(this.#sql);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  atomically<T>(work: () => T): T {
    return transaction(this.#db, work);
  }

  /** The account the bridge writes as, once it is known. */
  get ownId(): number | null {
    const row = this.#sql.one<{ value: string }>("SELECT value FROM facts WHERE name = 'own_id'");
    return row === undefined ? null : Number(row.value);
  }

  set ownId(id: number) {
    this.#sql.do(
      "INSERT INTO facts VALUES ('own_id', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      String(id),
    );
  }

  /** How far an owner's pull requests have been read, and since when they are watched; milliseconds. */
  owner(name: string): { cursor: number; since: number } | undefined {
    return this.#sql.one("SELECT cursor, since FROM owners WHERE name = ?", name);
  }

  watchOwner(name: string, now: number): void {
    this.#sql.do(
      "INSERT INTO owners (name, cursor, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      name,
      now,
      now,
    );
  }

  moveCursor(name: string, cursor: number): void {
    this.#sql.do("UPDATE owners SET cursor = max(cursor, ?) WHERE name = ?", cursor, name);
  }

  /** When the sweep last read anything, milliseconds; 0 before the first. */
  lastSweepAt(): number {
    return this.#sql.one<{ at: number | null }>("SELECT max(at) AS at FROM sweeps")?.at ?? 0;
  }

  /** When the sweep last read this repository, milliseconds; 0 if it never did. */
  sweptAt(repo: string): number {
    return this.#sql.one<{ at: number }>("SELECT at FROM sweeps WHERE repo = ?", repo)?.at ?? 0;
  }

  swept(repo: string, now: number): void {
    this.#sql.do("INSERT INTO sweeps VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", repo, now);
  }

  /**
   * A comment that is known already stays what it is, unless it asked for nothing until now.
   * @returns false if nothing was written
   */
  addCommand(command: CommandRow): boolean {
    return this.#sql.do(
      'INSERT INTO commands (comment, repo, pr, user_id, login, written_at, kind, "commit", state, reason, seen_at) ' +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET kind = excluded.kind, " +
        "state = excluded.state, reason = excluded.reason, seen_at = excluded.seen_at " +
        "WHERE commands.kind IN ('none', 'unclear', 'too-short')",
      command.comment,
      command.repo,
      command.pr,
      command.user_id,
      command.login,
      command.written_at,
      command.kind,
      command.commit,
      command.state,
      command.reason,
      command.seen_at,
    ) === 1;
  }

  command(comment: number): CommandRow | undefined {
    return this.#sql.one("SELECT * FROM commands WHERE comment = ?", comment);
  }

  /** Commands nobody has decided on, in the order they were written. */
  openCommands(): CommandRow[] {
    return this.#sql.all("SELECT * FROM commands WHERE state = 'seen' ORDER BY written_at, comment");
  }

  /** Decides an open command. @returns false if somebody did before. */
  closeCommand(comment: number, state: Exclude<CommandState, "seen">, reason: string | null = null): boolean {
    const sql = "UPDATE commands SET state = ?, reason = ? WHERE comment = ? AND state = 'seen'";
    return this.#sql.do(sql, state, reason, comment) === 1;
  }

  /** Forgets comments that asked for nothing and are too old to be asked about again. */
  forgetComments(before: number): void {
    this.#sql.do(
      "DELETE FROM commands WHERE state = 'ignored' AND written_at < ? AND seen_at < ?",
      before,
      before,
    );
  }

  addRun(run: Run): void {
    const columns = Object.keys(run).map((column) => `"${column}"`);
    const places = columns.map(() => "?").join(", ");
    this.#sql.do(`INSERT INTO runs (${columns.join(", ")}) VALUES (${places})`, ...Object.values(run));
  }

  run(id: string): Run | undefined {
    return this.#sql.one("SELECT * FROM runs WHERE id = ?", id);
  }

  /** Runs that are not over, in the order in which they have their turn: those that nobody asked for wait longest. */
  liveRuns(): Run[] {
    const last = `branch IS NOT NULL AND state IN ${waiting}`;
    return this.#sql.all(`SELECT * FROM runs WHERE state IN ${live} ORDER BY ${last}, accepted_at, rowid`);
  }

  /** Reported runs about which the dashboard has not said or heard the last word, if they ended at `since` or later. */
  incompleteRuns(since: number): Run[] {
    const sql =
      "SELECT * FROM runs WHERE state = 'reported' AND complete = 0 AND finished_at >= ? ORDER BY finished_at";
    return this.#sql.all(sql, since);
  }

  /** Reported runs of which something became known after their text was written. */
  outdatedRuns(): PullRun[] {
    return this.#sql.all(
      "SELECT runs.* FROM runs JOIN posts ON posts.key = 'run:' || runs.id " +
        "WHERE runs.outdated = 1 AND runs.state = 'reported' AND posts.dead = 0",
    );
  }

  /** Drops what the dashboard said of runs that ended before: their comments are written. */
  forgetViews(before: number): void {
    this.#sql.do(
      "UPDATE runs SET view = NULL WHERE state = 'reported' AND complete = 1 AND finished_at < ? AND view IS NOT NULL",
      before,
    );
  }

  liveRunsOf(repo: string, pr: number): PullRun[] {
    const sql =
      `SELECT * FROM runs WHERE repo = ? AND pr = ? AND state IN ${live} ORDER BY accepted_at, rowid`;
    return this.#sql.all(sql, repo, pr);
  }

  /** Reported runs of the same pull request, older than this one, whose comments are not folded. */
  unfoldedBefore(run: PullRun): PullRun[] {
    const sql = "SELECT runs.* FROM runs JOIN posts ON posts.key = 'run:' || runs.id " +
      "WHERE runs.repo = ? AND runs.pr = ? AND runs.state = 'reported' AND posts.final < 2 AND posts.dead = 0 " +
      "AND runs.rowid < (SELECT rowid FROM runs WHERE id = ?)";
    return this.#sql.all(sql, run.repo, run.pr, run.id);
  }

  /** Whether what asked for this run was seen at that time already; a run of a branch has nobody to wait for it. */
  hasWaitedSince(run: Run, time: number): boolean {
    const command = run.comment === null ? undefined : this.command(run.comment);
    return command !== undefined && command.seen_at < time;
  }

  /** Whether a newer run of the same pull request has its comment. */
  hasNewer(run: PullRun): boolean {
    const sql = "SELECT 1 AS newer FROM runs WHERE repo = ? AND pr = ? AND state <> 'accepted' " +
      "AND rowid > (SELECT rowid FROM runs WHERE id = ?) LIMIT 1";
    return this.#sql.one(sql, run.repo, run.pr, run.id) !== undefined;
  }

  /** Takes a run from one state to the next. @returns false if it was not in the state expected. */
  advance(run: { id: string; state: RunState }, state: RunState, changes: Partial<Run> = {}): boolean {
    const where = { sql: "id = ? AND state = ?", values: [run.id, run.state] };
    return this.#sql.update("runs", { ...changes, state }, where) === 1;
  }

  /** Notes facts about a run without moving it. */
  note(id: string, changes: Partial<Omit<Run, "id" | "state">>): void {
    this.#sql.update("runs", changes, { sql: "id = ?", values: [id] });
  }

  /** How many runs there are of each state or outcome. */
  countRuns(by: "state" | "outcome"): [string, number][] {
    const sql = `SELECT ${by} AS name, count(*) AS count FROM runs WHERE ${by} IS NOT NULL GROUP BY ${by}`;
    return this.#sql.all<{ name: string; count: number }>(sql).map((row) => [row.name, row.count]);
  }

  /** How many commands there are of each state. */
  countCommands(): [string, number][] {
    const sql = "SELECT state AS name, count(*) AS count FROM commands WHERE kind <> 'none' GROUP BY state";
    return this.#sql.all<{ name: string; count: number }>(sql).map((row) => [row.name, row.count]);
  }

  /** Seconds the recipe's latest complete runs took, newest first. */
  durations(recipe: string, count: number): number[] {
    return this.#sql.all<{ seconds: number }>(
      "SELECT (finished_at - started_at) / 1000.0 AS seconds FROM runs " +
        "WHERE recipe = ? AND outcome IN ('passed', 'failed') AND started_at IS NOT NULL AND finished_at IS NOT NULL " +
        "ORDER BY finished_at DESC LIMIT ?",
      recipe,
      count,
    ).map((row) => row.seconds);
  }

  /** Plans a comment. @returns false if one of that key is planned or posted already. */
  addPost(post: Pick<Post, "key" | "marker" | "repo" | "pr" | "body" | "planned_at">): boolean {
    return this.#sql.do(
      "INSERT INTO posts (key, marker, repo, pr, body, planned_at, wanted_at) VALUES (?, ?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT DO NOTHING",
      post.key,
      post.marker,
      post.repo,
      post.pr,
      post.body,
      post.planned_at,
      post.planned_at,
    ) === 1;
  }

  post(key: string): Post | undefined {
    return this.#sql.one("SELECT * FROM posts WHERE key = ?", key);
  }

  /**
   * Comments whose text on the forge is not the one wanted, oldest first. A verdict does not wait for the pause between
   * two edits, not even when it comes while one is under way. A comment that the forge may be creating at this moment
   * is left out.
   */
  duePosts(now: number): Post[] {
    return this.#sql.all(
      "SELECT * FROM posts WHERE dead = 0 AND delivered IS NOT body AND " +
        "(id IS NOT NULL OR unsure_until <= ?) AND (not_before <= ? OR (final > 0 AND tries = 0)) " +
        "ORDER BY planned_at, rowid",
      now,
      now,
    );
  }

  /**
   * The forge may have carried out an edit it never answered after the one it answered: the bridge does not know these
   * texts any more.
   */
  doubtPosts(now: number): void {
    this.#sql.do(
      "UPDATE posts SET delivered = NULL, unsure_until = 0 " +
        "WHERE unsure_until > 0 AND unsure_until <= ? AND id IS NOT NULL",
      now,
    );
  }

  /** Verdicts of a pull request, or of a repository's all, planned at `since` or later, that the forge has taken. */
  deliveredVerdicts({ repo, pr = null }: { repo: string; pr?: number | null }, since: number): Post[] {
    const sql =
      "SELECT * FROM posts WHERE repo = ? COLLATE NOCASE AND planned_at >= ? AND pr = ifnull(?, pr) " +
      "AND final > 0 AND dead = 0 AND id IS NOT NULL AND delivered IS body AND unsure_until = 0";
    return this.#sql.all(sql, repo, since, pr);
  }

  /** Comments that the forge did not take, if they were wanted at `since` or later, newest first. */
  refusedPosts(since: number, most: number): Post[] {
    const sql = "SELECT * FROM posts WHERE dead = 1 AND delivered IS NOT body AND wanted_at >= ? " +
      "ORDER BY wanted_at DESC LIMIT ?";
    return this.#sql.all(sql, since, most);
  }

  changePost(key: string, changes: Partial<Omit<Post, "key">>): void {
    this.#sql.update("posts", changes, { sql: "key = ?", values: [key] });
  }

  /** When the oldest undelivered text was wanted, milliseconds; `null` if all are delivered. */
  oldestUndelivered(): number | null {
    const sql = "SELECT min(wanted_at) AS at FROM posts WHERE dead = 0 AND delivered IS NOT body";
    return this.#sql.one<{ at: number | null }>(sql)?.at ?? null;
  }
}

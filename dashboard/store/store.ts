import { hostFacts, type RunState } from "../../protocol/dashboard_api.ts";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Announcement, BridgeReport, HostReport } from "../../protocol/dashboard_api.ts";
import { openDatabase, transaction } from "../../common/sqlite.ts";
import { DashboardError, Refusal } from "../model/errors.ts";
import { emptyProgress, type Progress } from "../model/progress.ts";
import {
  type Artefact,
  classOf,
  isActive,
  type Run,
  type RunClass,
  type RunDetail,
  verdictStates,
} from "../model/run.ts";
import { migrations } from "./schema.ts";
import { Revisions } from "./revisions.ts";
import { announcedColumns, listedColumns, settled, settledColumns } from "./derived_columns.ts";
import { Statements } from "../../common/statements.ts";
import { StoreHistory } from "./history.ts";
import { StoreKeeping } from "./retention.ts";
import { StoreLog } from "./log_positions.ts";
import { StoreStats } from "./stats.ts";
import { type LogPosition, runColumns, text, toRun } from "./rows.ts";

const verdicts = verdictStates.map((state) => `'${state}'`).join(", ");

/** Everything the dashboard knows about runs, except the text of their logs and the bytes of their artefacts. */
export class Store implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  #recipes: { revision: number; names: string[] } = { revision: -1, names: [] };
  readonly revisions = new Revisions();
  readonly history: StoreHistory;
  readonly keeping: StoreKeeping;
  readonly stats: StoreStats;
  readonly log: StoreLog;

  /** @param path file of the database, or `:memory:` */
  constructor(path: string) {
    this.#db = openDatabase(path, { migrations });
    this.#statements = new Statements(this.#db);
    this.stats = new StoreStats(this.#statements);
    this.log = new StoreLog(this.#statements);
    this.history = new StoreHistory(this.#statements);
    this.keeping = new StoreKeeping(
      { db: this.#db, statements: this.#statements },
      (recipe) => this.revisions.wrote(recipe, { inLists: true }),
    );
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /**
   * Writes down what the bridge says of a run. Said twice, it changes nothing.
   * @returns true when the run is new
   * @throws {Refusal} 409 when the name is taken by a run of another recipe or commit
   */
  announce(run: string, said: Announcement, options: { now: number }): boolean {
    return transaction(this.#db, () => {
      const known = this.#run("WHERE run = ?", run);
      if (known === undefined) {
        this.#sql(
          `INSERT INTO runs (run, recipe, class, subject, commit_id, announced, position, announced_at, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          run,
          said.recipe,
          classOf(said.subject),
          JSON.stringify(said.subject),
          said.commit,
          said.state,
          said.position,
          options.now,
          said.state,
        );
        this.#sql("INSERT INTO progress SELECT seq, ? FROM runs WHERE run = ?")
          .run(JSON.stringify(emptyProgress()), run);
      } else if (known.recipe !== said.recipe || known.commit !== said.commit) {
        throw new Refusal(409, `Run "${run}" is already known as ${known.recipe} at ${known.commit}`);
      }
      const over = isActive(said) ? null : options.now;
      this.#sql(
        `UPDATE runs SET announced = ?, announced_cause = ?, position = ?, link = ?, remark = ?, subject = ?, class = ?,
           settled_at = CASE WHEN ? IS NULL THEN NULL ELSE coalesce(settled_at, ?) END WHERE run = ?`,
      ).run(
        said.state,
        said.cause,
        said.position,
        said.link,
        said.remark,
        JSON.stringify(said.subject),
        classOf(said.subject),
        over,
        over,
        run,
      );
      const anew = known === undefined || JSON.stringify(known.subject) !== JSON.stringify(said.subject);
      if (anew) this.revisions.wrote(said.recipe, { inLists: true });
      const told = anew || known.link !== said.link || known.remark !== said.remark ||
        known.position !== said.position;
      this.#settle(run, this.progressOf(run), { told });
      return known === undefined;
    });
  }

  /** Notes that the run's harness is alive. @returns whether the bridge wants the run to stop, and why */
  heartbeat(run: string, options: { now: number }): { cancel: boolean; why: string | null } {
    this.#sql("UPDATE runs SET heartbeat_at = ? WHERE run = ?").run(options.now, run);
    const row = this.#sql("SELECT announced, announced_cause FROM runs WHERE run = ?").get(run);
    // Also one that the bridge gave up: its harness may only have been cut off, and another attempt is under way.
    const cancel = row !== undefined && !isActive({ state: String(row.announced) as RunState });
    return { cancel, why: cancel ? text(row.announced_cause) : null };
  }

  /** Keeps what a host says of itself, in place of what it said before, except what a run has not looked at yet. */
  recordHost(host: string, said: HostReport, options: { now: number }): void {
    const before = this.#sql("SELECT report FROM host_reports WHERE host = ?").get(host);
    const known = before === undefined ? {} : hostFacts.parse(JSON.parse(String(before.report)));
    const report = { ...known, ...said };
    this.#sql("INSERT OR REPLACE INTO host_reports (host, report, at) VALUES (?, ?, ?)")
      .run(host, JSON.stringify(report), options.now);
  }

  /** Keeps what the bridge says of itself, in place of what it said before. */
  recordBridge(report: BridgeReport, options: { now: number }): void {
    this.#sql("INSERT OR REPLACE INTO bridge_report (one, report, at) VALUES (1, ?, ?)")
      .run(JSON.stringify(report), options.now);
  }

  /**
   * Makes the run the business of one host: only that host may say anything about it from now on.
   * @throws {Refusal} 403 when another host has it
   */
  claim(run: Run, host: string): void {
    if (run.host === host) return;
    if (run.host !== null) {
      throw new Refusal(403, `Run "${run.run}" is the business of host "${run.host}", not of "${host}"`);
    }
    this.#sql("UPDATE runs SET host = ? WHERE run = ?").run(host, run.run);
  }

  /**
   * Stores that a batch of events lies in the log file, and what all events up to its end add up to.
   * @param batch `told`: there is more in it than lines of log
   */
  recordBatch(
    run: string,
    batch: { at: LogPosition; events: number; bytes: number; progress: Progress; told: boolean; now: number },
  ): void {
    transaction(this.#db, () => {
      this.#sql(
        `INSERT OR REPLACE INTO batches (seq, first_event, byte, lines)
         SELECT seq, ?, ?, ? FROM runs WHERE run = ?`,
      ).run(batch.at.event, batch.at.byte, JSON.stringify(batch.at.lines), run);
      this.#sql("UPDATE runs SET events = ?, bytes = ?, heartbeat_at = ?, packed_at = NULL WHERE run = ?")
        .run(
          batch.at.event + batch.events,
          batch.at.byte + batch.bytes,
          batch.now,
          run,
        );
      this.#settle(run, batch.progress, batch);
    });
  }

  /** Forgets a run's events: its log file turned out to be shorter than what was recorded. */
  forgetEvents(run: string): void {
    transaction(this.#db, () => {
      this.#sql("DELETE FROM batches WHERE seq = (SELECT seq FROM runs WHERE run = ?)").run(run);
      this.#sql("UPDATE runs SET events = 0, bytes = 0 WHERE run = ?").run(run);
      this.#settle(run, emptyProgress(), { told: true });
    });
  }

  recordArtefact(run: string, artefact: Artefact & { now: number }): void {
    transaction(this.#db, () => {
      this.#sql(
        `INSERT OR REPLACE INTO artefacts (seq, name, bytes, stored_at) SELECT seq, ?, ?, ? FROM runs WHERE run = ?`,
      ).run(artefact.name, artefact.bytes, artefact.now, run);
      this.#sql("UPDATE runs SET packed_at = NULL WHERE run = ?").run(run);
      this.#settle(run, this.progressOf(run), { told: true });
    });
  }

  /** One run, or `undefined` when it was never announced. */
  find(run: string): Run | undefined {
    return this.#run("WHERE run = ?", run);
  }

  /** One run with all it said. */
  detail(run: string): RunDetail | undefined {
    const found = this.find(run);
    if (found === undefined) return undefined;
    return { ...found, progress: this.progressOf(run), artefacts: this.artefacts(run) };
  }

  progressOf(run: string): Progress {
    const row = this.#sql("SELECT progress FROM runs JOIN progress USING (seq) WHERE run = ?").get(run);
    return row === undefined ? emptyProgress() : JSON.parse(String(row.progress)) as Progress;
  }

  artefacts(run: string): Artefact[] {
    return this.#sql(
      "SELECT name, a.bytes AS bytes FROM artefacts a JOIN runs USING (seq) WHERE run = ? ORDER BY name",
    ).all(run).map((row) => ({ name: String(row.name), bytes: Number(row.bytes) }));
  }

  /** Names of all recipes that have runs of any kind. */
  recipes(): string[] {
    const revision = this.revisions.lists;
    if (this.#recipes.revision !== revision) {
      const rows = this.#sql("SELECT DISTINCT recipe FROM runs ORDER BY recipe").all();
      this.#recipes = { revision, names: rows.map((row) => String(row.recipe)) };
    }
    return this.#recipes.names;
  }

  /**
   * Runs, newest first; those of one recipe, and only those older than `before` (a `seq`), if asked. Without a recipe,
   * those of the recipes in `except` are left out.
   */
  runs(options: { recipe?: string; before?: number; limit: number; except?: readonly string[] }): Run[] {
    const before = options.before ?? Number.MAX_SAFE_INTEGER;
    if (options.recipe === undefined) {
      return this.#runs(
        `WHERE seq < ? AND recipe NOT IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT ?`,
        before,
        JSON.stringify(options.except ?? []),
        options.limit,
      );
    }
    return this.#runs(
      "WHERE recipe = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
      options.recipe,
      before,
      options.limit,
    );
  }

  /** Runs that wait or run, those running first, then in the order of the queue. */
  activeRuns(): Run[] {
    return this.#runs(
      "WHERE state IN ('queued', 'running') ORDER BY state = 'queued', position, seq",
    );
  }

  /** The newest runs of a recipe and class that ended in a verdict, newest first. */
  verdicts(recipe: string, options: { class: RunClass; limit: number }): Run[] {
    return this.#runs(
      `WHERE recipe = ? AND class = ? AND state IN (${verdicts}) ORDER BY seq DESC LIMIT ?`,
      recipe,
      options.class,
      options.limit,
    );
  }

  /**
   * Writes the columns that follow from the others, and sees to it that pages which show them are made anew.
   * @param options `told`: there is something new on the recipe's page in any case
   */
  #settle(run: string, progress: Progress, { told }: { told: boolean }): void {
    const row = this.#sql(
      `SELECT seq, ${[...announcedColumns, ...settledColumns].join(", ")}, recipe FROM runs WHERE run = ?`,
    ).get(run);
    if (row === undefined) throw new DashboardError("store.unknown-run", `Could not find run "${run}"`);
    const values = settled(row, { progress, artefacts: this.artefacts(run).map(({ name }) => name) });
    this.#sql("UPDATE progress SET progress = ? WHERE seq = ?").run(
      JSON.stringify(progress),
      Number(row.seq),
    );
    const changed = settledColumns.filter((name, at) => row[name] !== values[at]);
    if (changed.length > 0) {
      this.#sql(
        `UPDATE runs SET ${settledColumns.map((name) => `${name} = ?`).join(", ")} WHERE seq = ?`,
      ).run(...values, Number(row.seq));
    }
    // A line of log changes nothing that pages about recipes show, and they are many.
    if (!told && changed.length === 0) return;
    this.revisions.wrote(String(row.recipe), {
      inLists: listedColumns.some((name) => changed.includes(name)),
    });
  }

  #run(where: string, ...values: (string | number)[]): Run | undefined {
    return this.#runs(where, ...values)[0];
  }

  #runs(where: string, ...values: (string | number)[]): Run[] {
    return this.#sql(
      `SELECT ${runColumns} FROM runs ${where}`,
    ).all(...values).map(toRun);
  }

  #sql(sql: string): StatementSync {
    return this.#statements.of(sql);
  }
}

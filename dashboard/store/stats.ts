import type { BridgeReport, HostReport } from "../../protocol/dashboard_api.ts";
import { type Run, type RunClass, verdictStates } from "../model/run.ts";
import type { Statements } from "../../common/statements.ts";
import { number, runColumns, toRun } from "./rows.ts";

const verdicts = verdictStates.map((state) => `'${state}'`).join(", ");

/** A run of a branch or tag whose level differs from that of the verdict before it. */
export interface LevelChange {
  run: Run;
  /** `null` for the first level a recipe ever had. */
  before: number | null;
}

/** A machine that runs harnesses. */
export interface Host {
  name: string;
  /** Milliseconds since the epoch. */
  heardAt: number | null;
  /** What it last said of itself, and when. */
  report: HostReport & { at: number } | null;
}

/** The part of the store that adds things up. */
export class StoreStats {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Changes of level of branches and tags among the newest runs, newest first. */
  levelChanges(options: { among: number; limit: number; except: readonly string[] }): LevelChange[] {
    return this.#statements.of(
      `WITH newest AS (
         SELECT * FROM (SELECT * FROM runs WHERE recipe NOT IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT ?)
           WHERE class = 'public' AND state IN (${verdicts}) AND level IS NOT NULL
       ), changes AS (
         SELECT *, coalesce(
           lag(level) OVER (PARTITION BY recipe ORDER BY seq),
           (SELECT old.level FROM runs old WHERE old.recipe = newest.recipe AND old.class = 'public'
             AND old.seq < newest.seq AND old.state IN (${verdicts}) AND old.level IS NOT NULL
             ORDER BY old.seq DESC LIMIT 1)) AS before
         FROM newest
       )
       SELECT ${runColumns}, before FROM changes WHERE before IS NULL OR before <> level
       ORDER BY coalesce(finished_at, announced_at) DESC, seq DESC LIMIT ?`,
    ).all(JSON.stringify(options.except), options.among, options.limit).map((row) => ({
      run: toRun(row),
      before: number(row.before),
    }));
  }

  /** How long the newest runs with a verdict took, in milliseconds. */
  durations(options: ({ recipe: string } | { except: readonly string[] }) & { limit: number }): number[] {
    const ofOne = "recipe" in options;
    const which = ofOne ? "recipe = ?" : "recipe NOT IN (SELECT value FROM json_each(?))";
    return this.#statements.of(
      `SELECT finished_at - started_at AS ms FROM runs WHERE ${which} AND state IN (${verdicts})
         AND started_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY seq DESC LIMIT ?`,
    ).all(ofOne ? options.recipe : JSON.stringify(options.except), options.limit).map((row) =>
      Number(row.ms)
    );
  }

  /** The first bad verdict after the last good one: since when something is broken. */
  badSince(recipe: string, runClass: RunClass): Run | undefined {
    const row = this.#statements.of(
      `SELECT ${runColumns} FROM runs WHERE recipe = ?1 AND class = ?2 AND state IN ('failed', 'timed_out') AND seq > coalesce(
         (SELECT max(seq) FROM runs WHERE recipe = ?1 AND class = ?2 AND state = 'passed'), 0)
       ORDER BY seq LIMIT 1`,
    ).get(recipe, runClass);
    return row === undefined ? undefined : toRun(row);
  }

  /** Number of runs in each state, those of some recipes left out. */
  runsByState(except: readonly string[]): Map<string, number> {
    const rows = this.#statements.of(
      `SELECT state, count(*) AS runs FROM runs WHERE recipe NOT IN (SELECT value FROM json_each(?)) GROUP BY state`,
    ).all(JSON.stringify(except));
    return new Map(rows.map((row) => [String(row.state), Number(row.runs)]));
  }

  /** What is kept of all recipes except some, in bytes as it was sent. */
  sizes(except: readonly string[]): { logs: number; artefacts: number } {
    const one = (sql: string, ...values: string[]) =>
      Number(this.#statements.of(sql).get(...values)?.bytes ?? 0);
    const shown = "recipe NOT IN (SELECT value FROM json_each(?))";
    const hidden = JSON.stringify(except);
    return {
      logs: one(`SELECT sum(bytes) AS bytes FROM runs WHERE ${shown}`, hidden),
      artefacts: one(
        `SELECT sum(a.bytes) AS bytes FROM artefacts a JOIN runs USING (seq) WHERE ${shown}`,
        hidden,
      ),
    };
  }

  /** Every runner host that ever reported a run, and when it was last heard of. */
  hosts(): Host[] {
    return this.#statements.of(
      `SELECT host, heard_at, report, at FROM
         (SELECT host, max(heartbeat_at) AS heard_at FROM runs WHERE host IS NOT NULL GROUP BY host)
       LEFT JOIN host_reports USING (host) ORDER BY host`,
    ).all().map((row) => ({
      name: String(row.host),
      heardAt: number(row.heard_at),
      report: row.report === null ? null : { ...JSON.parse(String(row.report)), at: Number(row.at) },
    }));
  }

  /** What the bridge last said of itself, and when; `null` before it said anything. */
  bridge(): (BridgeReport & { at: number }) | null {
    const row = this.#statements.of("SELECT report, at FROM bridge_report").get();
    return row === undefined ? null : { ...JSON.parse(String(row.report)), at: Number(row.at) };
  }

  /** Of the newest runs, those that left something behind on their host. */
  untidy(options: { among: number; except: readonly string[] }): Run[] {
    return this.#statements.of(
      `SELECT ${runColumns} FROM runs JOIN progress USING (seq)
       WHERE seq IN (SELECT seq FROM runs WHERE recipe NOT IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT ?)
         AND json_array_length(progress, '$.result.leftovers') > 0 ORDER BY seq DESC`,
    ).all(JSON.stringify(options.except), options.among).map(toRun);
  }

  /** The newest run of a branch or tag of a recipe that may be shown: those are started by the clock or a push. */
  lastScheduled(except: readonly string[]): Run | undefined {
    const row = this.#statements.of(
      `SELECT ${runColumns} FROM runs WHERE class = 'public'
         AND recipe NOT IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1`,
    ).get(JSON.stringify(except));
    return row === undefined ? undefined : toRun(row);
  }
}

import { DatabaseSync } from "node:sqlite";
import { UsageError } from "./errors.ts";

/**
 * Opens a database in WAL mode and brings its schema up to date.
 * @param path file, or `:memory:` in tests
 * @param migrations SQL scripts in order; `PRAGMA user_version` counts those already applied, so a script that
 * has been released must never change.
 * @param options.durable whether each commit waits for the disk, so that it outlives a loss of power.
 * @default false: a loss of power may undo the last commits; the death of the process never does
 * @throws {UsageError} when there are more scripts in it than this program knows
 */
export function openDatabase(
  path: string,
  { migrations, durable = false }: { migrations: readonly string[]; durable?: boolean },
): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; " +
      `PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`,
  );
  const row = db.prepare("PRAGMA user_version").get();
  const applied = Number(row?.user_version ?? 0);
  if (applied > migrations.length) {
    db.close();
    throw new UsageError(
      `Could not open the database "${path}": a newer version of this program has written it`,
      {
        hint: "Start that version, or put back the copy of the database that was made before.",
      },
    );
  }
  for (const [index, script] of migrations.entries()) {
    if (index < applied) continue;
    transaction(db, () => {
      db.exec(script);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
  return db;
}

/** Runs `work` in one write transaction: all of it is stored, or, when it throws, nothing. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const value = work();
    db.exec("COMMIT");
    return value;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

import type { SQLOutputValue } from "node:sqlite";
import type { Subject } from "../../protocol/params.ts";
import type { StageName } from "../../protocol/result.ts";
import type { LineCounts, Progress } from "../model/progress.ts";
import type { RunState } from "../../protocol/dashboard_api.ts";
import type { Run, RunClass } from "../model/run.ts";

/** A place in a run's log from which reading can begin. */
export interface LogPosition {
  /** Number of the event that begins at `byte`. */
  event: number;
  byte: number;
  /** Lines of each stage before it. */
  lines: LineCounts;
}

/** Columns that {@linkcode toRun} needs. */
export const runColumns =
  `seq, run, recipe, class, subject, commit_id, link, state, position, level, stage, cause,
  base, dirty, announced_at, started_at, finished_at, heartbeat_at, host, thumbnail, events, bytes, remark`;

export type Row = Record<string, SQLOutputValue>;

/** What was checked when it was written is not checked again: a page shows hundreds of rows. */
export function toRun(row: Row): Run {
  return {
    seq: Number(row.seq),
    run: String(row.run),
    recipe: String(row.recipe),
    class: String(row.class) as RunClass,
    subject: JSON.parse(String(row.subject)) as Subject,
    commit: String(row.commit_id),
    dirty: row.dirty === 1,
    base: text(row.base),
    link: text(row.link),
    remark: text(row.remark),
    state: String(row.state) as RunState,
    position: Number(row.position),
    level: number(row.level),
    stage: text(row.stage) as StageName | null,
    cause: text(row.cause),
    announcedAt: Number(row.announced_at),
    startedAt: number(row.started_at),
    finishedAt: number(row.finished_at),
    heartbeatAt: number(row.heartbeat_at),
    host: text(row.host),
    thumbnail: text(row.thumbnail),
    events: Number(row.events),
    bytes: Number(row.bytes),
  };
}

export function toPosition(row: Row | undefined): LogPosition {
  if (row === undefined) return { event: 0, byte: 0, lines: {} };
  return {
    event: Number(row.first_event),
    byte: Number(row.byte),
    lines: JSON.parse(String(row.lines)) as LineCounts,
  };
}

export function text(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

export function number(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/**
 * The picture that stands for a run in lists: a small one made for it, else that of a fresh install, else the first
 * of any stage, and only what has really arrived.
 */
export function thumbnailOf(progress: Progress, artefacts: string[]): string | null {
  const reports = progress.stages.flatMap((stage) => stage.report === null ? [] : [stage.report]);
  const install = reports.filter((report) => report.name === "install");
  const wanted = ["thumb.png", ...[...install, ...reports].flatMap((report) => report.screenshots)];
  return wanted.find((name) => artefacts.includes(name)) ?? null;
}

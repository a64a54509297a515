import type { Progress } from "../model/progress.ts";
import type { RunState } from "../../protocol/dashboard_api.ts";
import { isActive, isVerdict, stateOf, wasStopped } from "../model/run.ts";
import { isMeasured, packStages } from "../model/stage_facts.ts";
import { number, type Row, text, thumbnailOf } from "./rows.ts";

/** Columns that follow from the others and that lists of recipes show. */
export const listedColumns = [
  "state",
  "level",
  "stage",
  "cause",
  "base",
  "dirty",
  "started_at",
  "finished_at",
  "thumbnail",
] as const;
/** Columns that follow from the others. */
export const settledColumns = [...listedColumns, "stages", "measured"] as const;
/** The columns they follow from, together with the progress and the artefacts of the run. */
export const announcedColumns = ["announced", "announced_cause", "settled_at"] as const;

/**
 * What bridge and harness together come to.
 * @returns a value for each of {@linkcode settledColumns}
 */
export function settled(
  row: Row,
  { progress, artefacts }: { progress: Progress; artefacts: string[] },
): (string | number | null)[] {
  const announced = String(row.announced) as RunState;
  const state = stateOf(announced, progress);
  const { result } = progress;
  const finishedAt = result !== null ? Date.parse(result.finishedAt) : number(row.settled_at);
  return [
    state,
    isVerdict({ state }) ? result?.level ?? null : null,
    result?.stage ?? null,
    result === null
      ? text(row.announced_cause)
      : wasStopped(announced, progress)
      ? text(row.announced_cause) ?? result.cause
      : result.cause,
    progress.base,
    progress.dirty ? 1 : 0,
    progress.startedAt,
    isActive({ state }) ? null : finishedAt,
    thumbnailOf(progress, artefacts),
    packStages(progress),
    isMeasured(progress) ? 1 : 0,
  ];
}

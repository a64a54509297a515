import type { Subject } from "../../protocol/params.ts";
import { levels } from "../../protocol/result.ts";

/** What is said on more than one page. */

export function levelName(level: number | null): string {
  return level === null ? "no level yet" : levels[level]?.name ?? "";
}

/** The repository a run is about, if it is on a forge. */
export function repositoryOf(subject: Subject): string | null {
  return subject.kind === "worktree" ? null : subject.src;
}

/** `1 run`, `3 runs`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const LEAST_MS = 10_000;
const MOST_MS = 3600_000;
/** An age may be told this part of it too late: nobody minds whether it is 3 h or 3 h and 3 min. */
const PART = 1 / 60;

/**
 * Until when a text that was made at some time may be shown although it tells ages.
 * @param newest the newest of the moments whose age it tells; `null` if it tells none
 * @returns like them milliseconds since the epoch
 */
export function trueUntil(newest: number | null, madeAt: number): number {
  const age = newest === null ? Infinity : madeAt - newest;
  return madeAt + Math.min(MOST_MS, Math.max(LEAST_MS, age * PART));
}

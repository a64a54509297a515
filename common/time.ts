import { CcciError } from "./errors.ts";

/** A source of time. It is handed in, so that tests can run without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. Whoever sets the machine's clock makes it jump, so no duration is measured by it. */
  now(): number;
  /** Milliseconds since some fixed moment, for durations and deadlines: it never jumps. */
  elapsed(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      function abort() {
        clearTimeout(timer);
        reject(signal?.reason);
      }
      signal?.addEventListener("abort", abort, { once: true });
    });
  },
};

/** A condition that was waited for did not come true within its deadline. */
export class WaitTimeout extends CcciError {
  constructor(what: string, ms: number) {
    super("wait.timeout", `Waited ${formatSeconds(ms)} for ${what}, in vain`);
  }
}

/** What one look showed: either what was waited for, or in a few words what is still missing. */
export type Look<T> = { done: T } | { missing: string };

/** The longest pause that load makes of a shorter one, in milliseconds. */
const LOADED_MS = 2_000;

export interface PollOptions {
  /** Pause between two looks in milliseconds; under load it grows, to at most {@linkcode LOADED_MS}. */
  everyMs: number;
  clock?: Clock;
  signal?: AbortSignal | undefined;
  /** Told what is missing, at first and whenever that changes. */
  onChange?: (missing: string) => void;
  /**
   * `ms` is how long to go on looking; the last look is at the end of that time. `error` makes what is thrown when it
   * showed that something is still missing.
   */
  limit: { ms: number; error: (missing: string) => Error | Promise<Error> };
}

/**
 * Looks again and again until a look shows what was waited for.
 * @throws what `limit.error` makes, the signal's reason, or at once whatever `look` throws
 */
export async function pollUntil<T>(look: () => Promise<Look<T>> | Look<T>, options: PollOptions): Promise<T> {
  const { everyMs, clock = systemClock, signal, onChange, limit } = options;
  const end = clock.elapsed() + limit.ms;
  let told: string | undefined;
  while (true) {
    signal?.throwIfAborted();
    const began = clock.elapsed();
    const last = began >= end;
    const seen = await look();
    if ("done" in seen) return seen.done;
    if (seen.missing !== told) onChange?.(seen.missing);
    told = seen.missing;
    if (last) throw await limit.error(seen.missing);
    // Whoever is slow to answer because of load is asked less often, lest the questions add to it.
    const pauseMs = Math.max(everyMs, Math.min(2 * (clock.elapsed() - began), LOADED_MS));
    await clock.sleep(Math.min(pauseMs, Math.max(1, end - clock.elapsed())), signal);
  }
}

export interface WaitOptions {
  /** What is waited for, as it should read after "Waited 10 s for". */
  what: string;
  /** Deadline in milliseconds. */
  timeoutMs: number;
  /** Pause between two looks in milliseconds. @default 200 */
  everyMs?: number;
  clock?: Clock;
  signal?: AbortSignal;
}

/**
 * Calls `look` until it answers something other than `undefined` or `false`, and returns that.
 * @throws {WaitTimeout} when the deadline passes first; an error of `look` ends the wait at once
 */
export async function waitFor<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions,
): Promise<T> {
  const { what, timeoutMs: ms, everyMs = 200, clock = systemClock, signal } = options;
  const once = async (): Promise<Look<T>> => {
    const seen = await look();
    return seen === undefined || seen === false ? { missing: what } : { done: seen };
  };
  return await pollUntil(once, {
    everyMs,
    clock,
    signal,
    limit: { ms, error: () => new WaitTimeout(what, ms) },
  });
}

/** A time that was measured or set: `0.4 s`, `12 s`, `3 min 05 s`, `1 h 04 min`. */
export function formatSeconds(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/**
 * An age or an estimate, with no more digits than it is exact to: `5 s`, `40 s`, `3 min`, `2 h`, `3 days`, `7 weeks`,
 * `14 months`.
 */
export function formatRoughly(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.5) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 55) return `${Math.round(seconds / 10) * 10} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(seconds / 3600);
  if (hours < 24) return `${hours} h`;
  const days = Math.round(seconds / 86_400);
  if (days < 21) return days === 1 ? "1 day" : `${days} days`;
  return days < 90 ? `${Math.round(days / 7)} weeks` : `${Math.round(days / 30)} months`;
}

/** How long ago something was: `just now`, `40 s ago`, `3 h ago`. */
export function ago(ms: number): string {
  return ms < 9_500 ? "just now" : `${formatRoughly(ms)} ago`;
}

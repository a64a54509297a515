import { CcciError } from "./errors.ts";

/** Source of time, handed in so that tests can run without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
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

/** The awaited condition did not come true within its deadline. */
export class WaitTimeout extends CcciError {
  constructor(what: string, ms: number) {
    super("wait.timeout", `Waited ${formatSeconds(ms)} for ${what}, in vain`);
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
 * @throws {WaitTimeout} when the deadline passes first; whatever `look` throws ends the wait at once.
 */
export async function waitFor<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions,
): Promise<T> {
  const clock = options.clock ?? systemClock;
  const end = clock.now() + options.timeoutMs;
  while (true) {
    options.signal?.throwIfAborted();
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (clock.now() >= end) throw new WaitTimeout(options.what, options.timeoutMs);
    await clock.sleep(Math.min(options.everyMs ?? 200, Math.max(1, end - clock.now())), options.signal);
  }
}

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

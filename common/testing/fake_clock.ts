import type { Clock } from "../time.ts";

/** Time that passes only when told to, or when somebody sleeps. */
export class FakeClock implements Clock {
  #now: number;

  /** @param start any time; whole seconds make expectations readable */
  constructor(start: string | number = "2026-11-23T12:00:00Z") {
    this.#now = typeof start === "number" ? start : Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  iso(): string {
    return new Date(this.#now).toISOString();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#now += ms;
    return Promise.resolve();
  }

  pass(seconds: number): void {
    this.#now += seconds * 1000;
  }

  set(ms: number): void {
    this.#now = ms;
  }
}

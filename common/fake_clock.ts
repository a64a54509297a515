import type { Clock } from "./time.ts";

/** Time that passes only when told to, or when somebody sleeps. */
export class FakeClock implements Clock {
  #now: number;

  /** @param start any time; whole seconds make expectations readable */
  constructor(start = Date.parse("2026-11-23T12:00:00Z")) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    this.#now += ms;
    return Promise.resolve();
  }

  pass(seconds: number): void {
    this.#now += seconds * 1000;
  }
}

import type { Clock } from "../../common/time.ts";

/** A clock that stands still until it is set. */
export class TestClock implements Clock {
  #now: number;

  constructor(at: string | number = "2026-03-01T12:00:00Z") {
    this.#now = typeof at === "number" ? at : Date.parse(at);
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  /** Goes on by some seconds. */
  forward(seconds: number): this {
    this.#now += seconds * 1000;
    return this;
  }

  set(ms: number): void {
    this.#now = ms;
  }

  iso(): string {
    return new Date(this.#now).toISOString();
  }

  /** Nobody sleeps in a test: time passes at once. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += ms;
    return Promise.resolve();
  }
}

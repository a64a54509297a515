import type { Clock } from "../time.ts";

/** Time that goes on when told to, and wakes those whose time has come. */
export class WakingClock implements Clock {
  #now = 0;
  readonly #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  /** Resolves when those who were woken have gone on. */
  async pass(seconds: number): Promise<void> {
    this.#now += 1000 * seconds;
    for (const { at, wake } of this.#sleepers) if (at <= this.#now) wake();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

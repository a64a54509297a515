import type { Clock } from "./time.ts";

/**
 * Lets a loop sleep until somebody rings because there is something to do. A ring while the loop does not wait is kept
 * for its next wait.
 */
export class Doorbell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at a ring, after `ms`, or when the signal aborts. */
  async wait(ms: number, { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const timer = new AbortController();
      const either = AbortSignal.any([timer.signal, signal]);
      const bell = new Promise<void>((resolve) => this.#wake = resolve);
      await Promise.race([bell, clock.sleep(ms, either).catch(() => {})]);
      timer.abort();
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

import { backoffMs, type Failure } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";

/**
 * Remembers which owners, repositories, pull requests or commands failed and when each is tried again, so that one that
 * fails does not hold up the others. A new process has no such memory and tries everything at once.
 */
export class Pauses<F extends Pick<Failure, "retryAfterMs"> = Failure> {
  readonly #clock: Clock;
  readonly #failed = new Map<string, { tries: number; notBefore: number; failure: F }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is too early to ask again. */
  has(name: string): boolean {
    return this.#clock.now() < this.until(name);
  }

  /** When it is asked again, milliseconds since the epoch; in the past if nothing failed. */
  until(name: string): number {
    return this.#failed.get(name)?.notBefore ?? -Infinity;
  }

  /** Why it failed last, if it has not succeeded since. */
  failure(name: string): F | null {
    return this.#failed.get(name)?.failure ?? null;
  }

  /**
   * @param options.longestMs longest pause between two tries, unless the other side asks for more. @default a minute
   * @returns for how long it is left alone, milliseconds
   */
  add(name: string, failure: F, { longestMs }: { longestMs?: number } = {}): number {
    const tries = (this.#failed.get(name)?.tries ?? 0) + 1;
    const wait = failure.retryAfterMs ?? backoffMs(tries, longestMs);
    this.#failed.set(name, { tries, notBefore: this.#clock.now() + wait, failure });
    return wait;
  }

  /** It succeeded, or nobody asks about it any more. */
  end(name: string): void {
    this.#failed.delete(name);
  }
}

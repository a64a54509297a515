import { setImmediate } from "node:timers";
import type { Deps } from "./deps.ts";
import { Refusal } from "./errors.ts";

/** Viewers of running logs at the same time. */
const MOST = 2_000;
/** A viewer that takes nothing of what waits for it for so long has gone, or holds a place to no good. */
const PATIENCE_MS = 120_000;

/** The places of those who watch running logs. */
export class Viewers {
  readonly #deps: Pick<Deps, "patienceMs">;
  readonly #changed: (watching: number) => void;
  #watching = 0;
  #turn: Promise<void> | undefined;

  /** @param changed is told how many watch, whenever that changes */
  constructor(deps: Pick<Deps, "patienceMs">, changed: (watching: number) => void) {
    this.#deps = deps;
    this.#changed = changed;
  }

  /**
   * Passes frames on to a viewer, each when the one before has been taken, and counts the viewer until it is over,
   * however it ends.
   * @param frames ends soon after its signal is aborted
   * @throws {Refusal} 503 when too many watch already
   */
  seat(frames: (signal: AbortSignal) => AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
    if (this.#watching >= MOST) {
      throw new Refusal(503, "Too many people watch running logs; try again soon");
    }
    this.#count(1);
    const gone = new AbortController();
    const reader = frames(gone.signal);
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = () => {
      clearTimeout(timer);
      if (!over) this.#count(-1);
      over = true;
    };
    let hungUp = false;
    const hangUp = () => {
      clearTimeout(timer);
      hungUp = true;
      gone.abort();
      // Its place is free once nothing is read for it any more.
      void reader.return().catch(() => {}).finally(finish);
    };
    return new ReadableStream({
      pull: async (controller) => {
        // Asked for more: the viewer has taken what there was.
        clearTimeout(timer);
        try {
          const next = await reader.next();
          if (next.done) {
            finish();
            return controller.close();
          }
          controller.enqueue(next.value);
        } catch (error) {
          finish();
          return controller.error(error);
        }
        // The socket takes each frame by itself: what a viewer is given at once stays in a buffer of that size for as
        // long as it watches.
        await this.#breath();
        // It may have hung up while it waited.
        if (hungUp) return;
        timer = setTimeout(() => {
          hangUp();
          controller.error(new Error("The viewer takes nothing"));
        }, this.#deps.patienceMs ?? PATIENCE_MS);
      },
      cancel: hangUp,
    });
  }

  /** Resolves when all sockets had their turn; the same for all who wait. */
  #breath(): Promise<void> {
    this.#turn ??= new Promise((resolve) =>
      setImmediate(() => {
        this.#turn = undefined;
        resolve();
      })
    );
    return this.#turn;
  }

  #count(change: number): void {
    this.#watching += change;
    this.#changed(this.#watching);
  }
}

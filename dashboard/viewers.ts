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

  /** @param changed is told how many watch, whenever that changes */
  constructor(deps: Pick<Deps, "patienceMs">, changed: (watching: number) => void) {
    this.#deps = deps;
    this.#changed = changed;
  }

  /**
   * Passes a stream on to a viewer and counts it until it is over, however it ends.
   * @throws {Refusal} 503 when too many watch already
   */
  seat(stream: () => ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    if (this.#watching >= MOST) {
      throw new Refusal(503, "Too many people watch running logs; try again soon");
    }
    this.#count(1);
    const reader = stream().getReader();
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = () => {
      clearTimeout(timer);
      if (!over) this.#count(-1);
      over = true;
    };
    return new ReadableStream({
      pull: async (controller) => {
        // Asked for more: the viewer has taken what there was.
        clearTimeout(timer);
        try {
          const next = await reader.read();
          if (next.done) {
            finish();
            return controller.close();
          }
          controller.enqueue(next.value);
        } catch (error) {
          finish();
          return controller.error(error);
        }
        // It may have hung up while it waited.
        if (over) return;
        timer = setTimeout(() => {
          finish();
          reader.cancel().catch(() => {});
          controller.error(new Error("The viewer takes nothing"));
        }, this.#deps.patienceMs ?? PATIENCE_MS);
      },
      cancel: async (reason) => {
        finish();
        await reader.cancel(reason);
      },
    });
  }

  #count(change: number): void {
    this.#watching += change;
    this.#changed(this.#watching);
  }
}

import type { Clock } from "../../common/time.ts";
import type { StageName } from "../../protocol/result.ts";
import type { WorkerMessage } from "../run/messages.ts";

/**
 * Milliseconds. A worker ends a stage that is over time by itself; if it does not, the keeper kills it this much later.
 */
const STAGE_GRACE_MS = 15_000;

/** One deadline for each stage that runs now: the last that the worker has told of it. */
export class StageDeadlines implements Disposable {
  readonly #waits = new Map<StageName, AbortController>();
  readonly #clock: Clock;
  readonly #late: (stage: StageName, ms: number) => void;

  /** @param options.late is called with the milliseconds that a stage had which the worker has not ended */
  constructor({ clock, late }: { clock: Clock; late: (stage: StageName, ms: number) => void }) {
    this.#clock = clock;
    this.#late = late;
  }

  see(message: WorkerMessage): void {
    if (message.type === "deadline") {
      const { stage, ms } = message;
      this.#end(stage);
      const wait = new AbortController();
      this.#waits.set(stage, wait);
      this.#clock.sleep(ms + STAGE_GRACE_MS, wait.signal).then(() => this.#late(stage, ms), () => {}); // it was ended
    } else if (message.type === "event" && message.event.type === "stage.finished") {
      this.#end(message.event.report.name);
    }
  }

  [Symbol.dispose](): void {
    for (const stage of [...this.#waits.keys()]) this.#end(stage);
  }

  #end(stage: StageName): void {
    this.#waits.get(stage)?.abort();
    this.#waits.delete(stage);
  }
}

import type { Clock } from "../../common/time.ts";
import type { WorkerMessage } from "../run/messages.ts";

/**
 * The time that a run may take. It stands still while images are pulled: how long that takes is the registries' doing,
 * and the stage has a deadline of its own.
 */
export class RunDeadline implements Disposable {
  readonly #clock: Clock;
  readonly #late: () => void;
  /** Milliseconds that were left when the time last began to run. */
  #left: number;
  /** When it began, by the clock's `elapsed()`. */
  #since = 0;
  /** Ends the wait; null: the time stands still. */
  #wait: AbortController | null = null;

  /** @param late is called when `ms` are over */
  constructor(ms: number, { clock, late }: { clock: Clock; late: () => void }) {
    this.#left = ms;
    this.#clock = clock;
    this.#late = late;
    this.#run();
  }

  see(message: WorkerMessage): void {
    if (message.type !== "event") return;
    const { event } = message;
    if (event.type === "stage.started" && event.stage === "images") this.#halt();
    else if (event.type === "stage.finished" && event.report.name === "images") this.#run();
  }

  [Symbol.dispose](): void {
    this.#halt();
  }

  #run(): void {
    if (this.#wait !== null) return;
    const wait = this.#wait = new AbortController();
    this.#since = this.#clock.elapsed();
    this.#clock.sleep(this.#left, wait.signal).then(this.#late, () => {}); // it was halted
  }

  #halt(): void {
    if (this.#wait === null) return;
    this.#wait.abort();
    this.#wait = null;
    this.#left = Math.max(0, this.#left - (this.#clock.elapsed() - this.#since));
  }
}

import { type Clock, formatSeconds } from "../../common/time.ts";
import type { WorkerMessage } from "../run/messages.ts";
import type { Settings } from "../run/settings.ts";
import type { RunEnd } from "../run/verdict.ts";

/** Milliseconds that a run may take, and that it may at most where `recipe.yml` asks for more. */
export interface RunLimit {
  ms: number;
  mostMs: number;
}

export function runLimitOf(
  { RUN_DEADLINE_S: usual, RUN_DEADLINE_MAX_S: most }: Pick<
    Settings,
    "RUN_DEADLINE_S" | "RUN_DEADLINE_MAX_S"
  >,
): RunLimit {
  return { ms: 1000 * usual, mostMs: 1000 * Math.max(usual, most) };
}

/** What a run that is late comes to. */
export type LateEnd = Pick<Extract<RunEnd, { kind: "timed_out" | "infra" }>, "kind" | "cause">;

/**
 * The time that a run may take. It stands still while images are pulled: how long that takes is the registries' doing,
 * and the stage has a deadline of its own.
 */
export class RunDeadline implements Disposable {
  readonly #clock: Clock;
  readonly #late: (end: LateEnd) => void;
  readonly #mostMs: number;
  /** Milliseconds that the run has altogether, and that `recipe.yml` asked for where that is more. */
  #limitMs: number;
  #askedMs: number | null = null;
  /** Milliseconds that were left when the time last began to run. */
  #left: number;
  /** When it began, by the clock's `elapsed()`. */
  #since = 0;
  /** Ends the wait; null: the time stands still. */
  #wait: AbortController | null = null;

  /** @param late is called when the time is over */
  constructor({ ms, mostMs }: RunLimit, { clock, late }: { clock: Clock; late: (end: LateEnd) => void }) {
    this.#limitMs = this.#left = ms;
    this.#mostMs = mostMs;
    this.#clock = clock;
    this.#late = late;
    this.#run();
  }

  see(message: WorkerMessage): void {
    if (message.type === "run-limit") this.#ask(1000 * message.seconds);
    if (message.type !== "event") return;
    const { event } = message;
    if (event.type === "stage.started" && event.stage === "images") this.#halt();
    else if (event.type === "stage.finished" && event.report.name === "images") this.#run();
  }

  [Symbol.dispose](): void {
    this.#halt();
  }

  #ask(ms: number): void {
    const given = Math.min(ms, this.#mostMs);
    this.#askedMs = ms > given ? ms : null;
    const runs = this.#wait !== null;
    this.#halt();
    this.#left = Math.max(0, this.#left + given - this.#limitMs);
    this.#limitMs = given;
    if (runs) this.#run();
  }

  /** A recipe that needs more than the host gives is not to blame for what it cannot have. */
  #end(): LateEnd {
    const took = `The run took longer than ${formatSeconds(this.#limitMs)}`;
    return this.#askedMs === null ? { kind: "timed_out", cause: took } : {
      kind: "infra",
      cause: `${took}, the most that this host gives (CCCI_RUN_DEADLINE_MAX_S); recipe.yml asks for ${
        formatSeconds(this.#askedMs)
      }`,
    };
  }

  #run(): void {
    if (this.#wait !== null) return;
    const wait = this.#wait = new AbortController();
    this.#since = this.#clock.elapsed();
    this.#clock.sleep(this.#left, wait.signal).then(() => this.#late(this.#end()), () => {}); // it was halted
  }

  #halt(): void {
    if (this.#wait === null) return;
    this.#wait.abort();
    this.#wait = null;
    this.#left = Math.max(0, this.#left - (this.#clock.elapsed() - this.#since));
  }
}

import { type Clock, formatSeconds } from "../../common/time.ts";
import type { WorkerMessage } from "../run/messages.ts";
import type { Settings } from "../run/settings.ts";
import type { RunEnd } from "../run/verdict.ts";

/** Milliseconds that a run may take. */
export interface RunLimit {
  ms: number;
  /** What it may take at most where `recipe.yml` asks for more. */
  mostMs: number;
  /** What is left for all of it, the pulling of images and the wait for its turn included; null: nobody ends it then. */
  wholeMs: number | null;
}

/**
 * @param run.startedAt when it was asked for, ISO 8601
 * @param run.engine whether a CI engine has asked for it: Drone ends a build an hour after its start, whatever it does
 */
export function runLimitOf(
  { RUN_DEADLINE_S: usual, RUN_DEADLINE_MAX_S: most }: Pick<
    Settings,
    "RUN_DEADLINE_S" | "RUN_DEADLINE_MAX_S"
  >,
  run: { startedAt: string; engine: boolean; now: number },
): RunLimit {
  const mostMs = 1000 * Math.max(usual, most);
  const wholeMs = run.engine ? Math.max(0, mostMs - (run.now - Date.parse(run.startedAt))) : null;
  return { ms: 1000 * usual, mostMs, wholeMs };
}

/** What a run that is late comes to. */
export type LateEnd = Pick<Extract<RunEnd, { kind: "timed_out" | "infra" }>, "kind" | "cause">;

/**
 * The time that a run may take. It stands still while images are pulled: how long that takes is the registries' doing,
 * and the stage has a deadline of its own. Where an engine ends the run after some time, it does not stand still for
 * that: a run that ends by itself before can take down its app and say why.
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
  readonly #over = new AbortController();

  /** @param late is called when the time is over */
  constructor(
    { ms, mostMs, wholeMs }: RunLimit,
    { clock, late }: { clock: Clock; late: (end: LateEnd) => void },
  ) {
    this.#limitMs = this.#left = ms;
    this.#mostMs = mostMs;
    this.#clock = clock;
    this.#late = late;
    this.#run();
    if (wholeMs !== null) {
      clock.sleep(wholeMs, this.#over.signal).then(() => late(this.#wholeEnd()), () => {});
    }
  }

  see(message: WorkerMessage): void {
    if (message.type === "run-limit") this.#ask(1000 * message.seconds);
    if (message.type !== "event") return;
    const { event } = message;
    if (event.type === "stage.started" && event.stage === "images") this.#halt();
    else if (event.type === "stage.finished" && event.report.name === "images") this.#run();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
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

  #wholeEnd(): LateEnd {
    return {
      kind: "infra",
      cause:
        `The run took longer than ${
          formatSeconds(this.#mostMs)
        } with the pulling of its images and the wait for its turn, the most that this host gives ` +
        "(CCCI_RUN_DEADLINE_MAX_S)",
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

import { madeResult } from "./results.ts";
import { recipeOf } from "./fill.ts";
import { Reports } from "./reports.ts";
import type { Served } from "./servers.ts";

/** Calls a second: a handful of harnesses at work, each with a batch of log every half second, and a busy bridge. */
const PER_SECOND = 4;
/** Calls of one run from announcement to picture; half of them change what lists show. */
const CALLS = 8;
const picture = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const lines = Array.from({ length: 50 }, (_, at) => `line ${at} of the log of a run that goes on`);

/** Bridge and harnesses at work while pages are asked for: one run after the other, of one recipe after the other. */
export class Writer implements AsyncDisposable {
  readonly #dashboard: Served;
  readonly #recipes: number;
  readonly #stop = Promise.withResolvers<void>();
  #stopped = false;
  readonly #work: Promise<void>;
  #reports: Reports | null = null;
  #calls = 0;
  #longestMs = 0;

  constructor(dashboard: Served, options: { recipes: number }) {
    this.#dashboard = dashboard;
    this.#recipes = options.recipes;
    this.#work = this.#go();
  }

  /** The longest that a call took since this was last asked for, in milliseconds. */
  lap(): number {
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stop.resolve();
    await this.#work;
  }

  async #go(): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      await this.#call();
      const took = performance.now() - began;
      this.#longestMs = Math.max(this.#longestMs, took);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const pause = new Promise<void>((resolve) =>
        timer = setTimeout(resolve, Math.max(0, 1000 / PER_SECOND - took))
      );
      await Promise.race([pause, this.#stop.promise]);
      clearTimeout(timer);
    }
  }

  #call(): Promise<void> {
    const number = Math.floor(this.#calls / CALLS);
    const step = this.#calls++ % CALLS;
    if (step === 0 || this.#reports === null) {
      const recipe = recipeOf(number * 7 % this.#recipes);
      this.#reports = new Reports(this.#dashboard, { run: `writes${number}-1`, recipe });
    }
    const reports = this.#reports;
    const { run, recipe, subject } = reports;
    switch (step) {
      case 0:
        return reports.announce("running");
      case 1:
        return reports.start();
      case CALLS - 2: {
        const t = new Date().toISOString();
        const result = madeResult({ run, recipe, subject, number, startedAt: Date.now() - 2_000 });
        return reports.events([{ t, type: "run.finished", result }]);
      }
      case CALLS - 1:
        return reports.artefact("thumb.png", picture);
      default:
        return reports.lines(lines);
    }
  }
}

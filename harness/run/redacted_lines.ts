import type { Clock } from "../../common/time.ts";
import { plainText } from "../../common/plain_text.ts";
import type { Redactor } from "./redact.ts";

/** Lines that are held back at most, and for how many milliseconds. */
const MAX_HELD = 200;
const HELD_MS = 1_000;

/**
 * Takes secrets out of lines that come one after the other. A line whose end may be the beginning of a secret is held
 * back until the next one shows whether it is: programs wrap long words, and terminals do.
 */
export class RedactedLines {
  readonly #redactor: Redactor;
  readonly #clock: Clock;
  readonly #emit: (line: string) => void;
  #held: string[] = [];
  #waiting: AbortController | null = null;

  constructor(redactor: Redactor, options: { clock: Clock; emit: (line: string) => void }) {
    this.#redactor = redactor;
    this.#clock = options.clock;
    this.#emit = options.emit;
  }

  push(text: string): void {
    for (const line of plainText(text).split("\n")) {
      this.#held.push(line);
      const held = this.#held.join("\n");
      const open = this.#redactor.openEnd(held);
      const kept = open === 0 ? 0 : held.slice(held.length - open).split("\n").length;
      this.#release(kept > MAX_HELD ? 0 : kept);
    }
    this.#waiting?.abort();
    this.#waiting = null;
    if (this.#held.length > 0) this.#releaseLater();
  }

  /** Releases what is held back: nothing comes behind it. */
  flush(): void {
    this.#waiting?.abort();
    this.#waiting = null;
    this.#release(0);
  }

  /** @param kept how many lines are held back further */
  #release(kept: number): void {
    const count = this.#held.length - kept;
    if (count <= 0) return;
    const lines = this.#redactor.text(this.#held.join("\n")).split("\n").slice(0, count);
    this.#held = this.#held.slice(count);
    for (const line of lines) this.#emit(line);
  }

  #releaseLater(): void {
    const waiting = this.#waiting = new AbortController();
    this.#clock.sleep(HELD_MS, waiting.signal).then(() => {
      if (this.#waiting === waiting) this.flush();
    }, () => {});
  }
}

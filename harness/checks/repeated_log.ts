/** A log of something that is tried until it succeeds: equal tries in a row are shown once, with their number. */
export class RepeatedLog {
  readonly #log: (line: string) => void;
  #last: string | null = null;
  #equal = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** What one try had to say. */
  add(lines: readonly string[]): void {
    const text = lines.join("\n");
    if (text === this.#last) {
      this.#equal++;
      return;
    }
    this.end();
    this.#last = text;
    for (const line of lines) this.#log(line);
  }

  /** No further try follows, or none that is equal. */
  end(): void {
    if (this.#equal > 0) {
      this.#log(`… and the same ${this.#equal === 1 ? "once" : `${this.#equal} times`} more`);
    }
    this.#equal = 0;
    this.#last = null;
  }
}

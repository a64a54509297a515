/**
 * Finds in a program's output the last words of whoever started it: a NUL byte, the mark, a space, the program's exit
 * code, and another NUL. Everything else is handed on as it comes.
 */
export class EndMark {
  readonly id: string;
  /** The program's exit code; null until it was found. */
  code: number | null = null;
  readonly #start: Uint8Array;
  readonly #take: (chunk: Uint8Array) => void;
  readonly #found: () => void;
  /** Bytes that may be the beginning of the last words. */
  #held = new Uint8Array();

  /**
   * @param options.id the mark, which the program does not know
   * @param options.take is given the output without the mark
   * @param options.found is called when the mark was found
   */
  constructor(options: { id: string; take: (chunk: Uint8Array) => void; found: () => void }) {
    this.id = options.id;
    this.#take = options.take;
    this.#found = options.found;
    this.#start = new TextEncoder().encode(`\0${options.id} `);
  }

  write(chunk: Uint8Array): void {
    let rest = this.#held.length === 0 ? chunk : joined(this.#held, chunk);
    this.#held = new Uint8Array();
    while (rest.length > 0) {
      const at = rest.indexOf(0);
      if (at < 0) return this.#take(rest);
      if (at > 0) this.#take(rest.subarray(0, at));
      rest = rest.subarray(at);
      if (this.#start.every((byte, index) => rest[index] === undefined || rest[index] === byte)) {
        const end = rest.indexOf(0, 1);
        if (end < 0 && rest.length < this.#start.length + 4) {
          this.#held = rest.slice();
          return;
        }
        const code = new TextDecoder().decode(rest.subarray(this.#start.length, Math.max(end, 0)));
        if (/^[0-9]{1,3}$/.test(code)) {
          this.code = Number(code);
          this.#found();
          rest = rest.subarray(end + 1);
          continue;
        }
      }
      this.#take(rest.subarray(0, 1));
      rest = rest.subarray(1);
    }
  }

  /** Hands on what was held back. */
  close(): void {
    if (this.#held.length > 0) this.#take(this.#held);
    this.#held = new Uint8Array();
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Bytes before each frame: one for the stream, three of padding, four of length. */
const HEAD = 8;

/**
 * Takes the Engine's framed output apart while it comes, however it is cut into chunks. What follows a frame that is
 * not whole waits for the rest of it. A container with a terminal gives output without frames, which is handed on as it
 * is.
 */
export class Frames {
  readonly #take: (bytes: Uint8Array, stream: "stdout" | "stderr") => void;
  #head = new Uint8Array(HEAD);
  #filled = 0;
  /** Bytes of the present frame that have not come yet. */
  #left = 0;
  /** Whether the output has no frames; null until its first byte is here. */
  #bare: boolean | null = null;

  constructor(take: (bytes: Uint8Array, stream: "stdout" | "stderr") => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    this.#bare ??= chunk[0] === undefined ? null : chunk[0] > 2;
    if (this.#bare === true) return this.#take(chunk, "stdout");
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const part = chunk.subarray(at, at + this.#left);
        this.#take(part, this.#head[0] === 2 ? "stderr" : "stdout");
        this.#left -= part.length;
        at += part.length;
        continue;
      }
      const part = chunk.subarray(at, at + HEAD - this.#filled);
      this.#head.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < HEAD) return;
      this.#filled = 0;
      this.#left = new DataView(this.#head.buffer).getUint32(4);
    }
  }
}

/**
 * Gathers the beginning of a stream. The bytes are copied into one buffer that grows: whoever sends a stream in pieces
 * of one byte each would otherwise have us keep an object, and often a buffer of 64 KiB, for every byte.
 */
export class FirstBytes {
  readonly #limit: number;
  #buffer = new Uint8Array(1024);
  #size = 0;
  /** Whether there was more than the limit, which is lost. */
  overflowed = false;

  /** @param limit number of bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns whether all of it was kept */
  add(piece: Uint8Array): boolean {
    const kept = piece.subarray(0, this.#limit - this.#size);
    this.#buffer = withRoom(this.#buffer, { used: this.#size, needed: this.#size + kept.length });
    this.#buffer.set(kept, this.#size);
    this.#size += kept.length;
    this.overflowed ||= kept.length < piece.length;
    return !this.overflowed;
  }

  /** What was gathered; valid until the next call of `add`. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#size);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }
}

/** Gathers the end of a stream, in the same way. It holds twice as much in memory at most. */
export class LastBytes {
  readonly #limit: number;
  #buffer = new Uint8Array(1024);
  #size = 0;
  /** Whether there was more than the limit, whose beginning is lost. */
  overflowed = false;

  /** @param limit number of bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(piece: Uint8Array): void {
    this.overflowed ||= this.#size + piece.length > this.#limit;
    const kept = piece.subarray(Math.max(0, piece.length - this.#limit));
    if (this.#size + kept.length > 2 * this.#limit) {
      this.#buffer.copyWithin(0, this.#size - this.#limit, this.#size);
      this.#size = this.#limit;
    }
    this.#buffer = withRoom(this.#buffer, { used: this.#size, needed: this.#size + kept.length });
    this.#buffer.set(kept, this.#size);
    this.#size += kept.length;
  }

  text(): string {
    return new TextDecoder().decode(this.#buffer.subarray(Math.max(0, this.#size - this.#limit), this.#size));
  }
}

function withRoom(
  buffer: Uint8Array<ArrayBuffer>,
  { used, needed }: { used: number; needed: number },
): Uint8Array<ArrayBuffer> {
  if (needed <= buffer.length) return buffer;
  const larger = new Uint8Array(Math.max(needed, 2 * buffer.length));
  larger.set(buffer.subarray(0, used));
  return larger;
}

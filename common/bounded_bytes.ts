/**
 * Bytes in one buffer that grows: whoever sends a stream in pieces of one byte each would otherwise have us keep an
 * object, and often a buffer of 64 KiB, for every byte.
 */
class GrowingBytes {
  #buffer = new Uint8Array(1024);
  size = 0;

  add(piece: Uint8Array): void {
    const needed = this.size + piece.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.from(0));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.size);
    this.size = needed;
  }

  /** What there is from an index on; valid until the next change. */
  from(index: number): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(index, this.size);
  }

  /** Keeps no more than this number of the newest bytes. */
  keepLast(count: number): void {
    this.#buffer.copyWithin(0, this.size - count, this.size);
    this.size = count;
  }
}

/** Gathers the beginning of a stream. */
export class FirstBytes {
  readonly #limit: number;
  readonly #kept = new GrowingBytes();
  /** Whether there was more than the limit, which is lost. */
  overflowed = false;

  /** @param limit number of bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @returns whether all of it was kept */
  add(piece: Uint8Array): boolean {
    const fits = piece.subarray(0, this.#limit - this.size);
    this.#kept.add(fits);
    this.overflowed ||= fits.length < piece.length;
    return !this.overflowed;
  }

  /** What was gathered; valid until the next call of `add`. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#kept.from(0);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }
}

/** Gathers the end of a stream, in the same way. It holds twice as much in memory at most. */
export class LastBytes {
  readonly #limit: number;
  readonly #kept = new GrowingBytes();
  /** Whether there was more than the limit, whose beginning is lost. */
  overflowed = false;

  /** @param limit number of bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(piece: Uint8Array): void {
    this.overflowed ||= this.#kept.size + piece.length > this.#limit;
    const fits = piece.subarray(Math.max(0, piece.length - this.#limit));
    if (this.#kept.size + fits.length > 2 * this.#limit) this.#kept.keepLast(this.#limit);
    this.#kept.add(fits);
  }

  text(): string {
    return new TextDecoder().decode(this.#kept.from(Math.max(0, this.#kept.size - this.#limit)));
  }
}

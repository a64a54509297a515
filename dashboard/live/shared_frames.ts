/** Bytes kept of all runs' pieces. */
const ROOM = 8 * 1024 * 1024;
/** A larger piece goes to those who wait for it and is not kept. */
const LARGEST = 512 * 1024;

/** Names a piece: two of the same name are the same. */
export interface PieceName {
  run: string;
  piece: string;
}

interface Kept {
  run: string;
  frames: Promise<Uint8Array[]>;
  bytes: number;
}

/**
 * Pieces of live logs that many viewers are about to get: made once, by whoever comes first. What is kept is little,
 * and nobody waits for a viewer: one who lags finds its piece gone and makes it again.
 */
export class SharedFrames {
  readonly #kept = new Map<string, Kept>();
  readonly #viewers = new Map<string, number>();
  #bytes = 0;

  /** Bytes kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Says that somebody watches the run, until it is disposed of. Nothing is kept of runs that nobody watches. */
  watch(run: string): Disposable {
    this.#viewers.set(run, (this.#viewers.get(run) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#viewers.get(run) ?? 1) - 1;
        if (left > 0) return void this.#viewers.set(run, left);
        this.#viewers.delete(run);
        for (const [key, kept] of this.#kept) if (kept.run === run) this.#drop(key);
      },
    };
  }

  /** The frames of that name, if there are any. */
  find(name: PieceName): Promise<Uint8Array[]> | undefined {
    return this.#kept.get(keyOf(name))?.frames;
  }

  /** The frames of that name. What `make` throws is thrown to all who wait for it, and forgotten. */
  get(name: PieceName, make: () => Promise<Uint8Array[]> | Uint8Array[]): Promise<Uint8Array[]> {
    const key = keyOf(name);
    const known = this.#kept.get(key);
    if (known !== undefined) return known.frames;
    const made: Kept = { run: name.run, frames: Promise.resolve().then(make), bytes: 0 };
    this.#kept.set(key, made);
    made.frames.then((frames) => this.#weigh(key, { made, frames }), () => {
      if (this.#kept.get(key) === made) this.#drop(key);
    });
    return made.frames;
  }

  /** Keeps what was made if it may be kept, at the cost of what is oldest. */
  #weigh(key: string, { made, frames }: { made: Kept; frames: Uint8Array[] }): void {
    if (this.#kept.get(key) !== made) return;
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    if (bytes > LARGEST || !this.#viewers.has(made.run)) return this.#drop(key);
    made.bytes = bytes;
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= ROOM) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

function keyOf({ run, piece }: PieceName): string {
  return `${run} ${piece}`;
}

const ofDashboards = new WeakMap<object, SharedFrames>();

/** The frames shared by all viewers of one dashboard. */
export function sharedFrames(dashboard: object): SharedFrames {
  const known = ofDashboards.get(dashboard) ?? new SharedFrames();
  ofDashboards.set(dashboard, known);
  return known;
}

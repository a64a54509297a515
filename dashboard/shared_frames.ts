/** Frames kept at a time; whoever watches in step asks for the same few. */
const MOST = 16;

/**
 * Pieces of live logs that many viewers are about to get: made once, by whoever comes first. What is kept is little,
 * and nobody waits for a viewer: one who lags finds its piece gone and makes it again.
 */
export class SharedFrames {
  readonly #made = new Map<string, Promise<Uint8Array[]>>();

  /** The frames of that key. What `make` throws is thrown to all who wait for it, and forgotten. */
  get(key: string, make: () => Promise<Uint8Array[]> | Uint8Array[]): Promise<Uint8Array[]> {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = Promise.resolve().then(make);
    this.#made.set(key, made);
    made.catch(() => this.#made.delete(key));
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= MOST) break;
      this.#made.delete(oldest);
    }
    return made;
  }
}

const ofDashboards = new WeakMap<object, SharedFrames>();

/** The frames shared by all viewers of one dashboard. */
export function sharedFrames(dashboard: object): SharedFrames {
  const known = ofDashboards.get(dashboard) ?? new SharedFrames();
  ofDashboards.set(dashboard, known);
  return known;
}

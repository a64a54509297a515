/**
 * Wakes those who watch a run when something about it changed. It carries no data: a viewer that is slow, or gone,
 * costs the one who reports nothing, because each reads the log at its own pace.
 */
export class Hub implements Disposable {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #versions = new Map<string, number>();
  /** Counts the changes of all runs. */
  #changes = 0;
  /** The change by which a run was last forgotten; what any forgotten one counts as. */
  #forgotten = 0;
  #closed = false;

  /** True once the program is about to end: whoever watches should say goodbye. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Runs whose versions are kept: those that changed and are not over. */
  get remembered(): number {
    return this.#versions.size;
  }

  /** Differs after each change of the run. */
  version(run: string): number {
    return this.#versions.get(run) ?? this.#forgotten;
  }

  /**
   * Wakes those who watch the run.
   * @param options.over it is at its end: nothing is kept of it, but who looked before it still finds that it changed
   */
  changed(run: string, { over = false } = {}): void {
    this.#changes++;
    if (over) {
      this.#versions.delete(run);
      this.#forgotten = this.#changes;
    } else this.#versions.set(run, this.#changes);
    this.#wake(run);
  }

  /** Resolves at the next change of the run after `version`, after `ms`, on abort, or when the hub closes. */
  wait(run: string, options: { version: number; ms: number; signal?: AbortSignal }): Promise<void> {
    if (this.#closed || options.signal?.aborted || this.version(run) !== options.version) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(run) ?? new Set();
      this.#waiting.set(run, waiting);
      const done = () => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", done);
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(run) === waiting) this.#waiting.delete(run);
        resolve();
      };
      const timer = setTimeout(done, options.ms);
      options.signal?.addEventListener("abort", done, { once: true });
      waiting.add(done);
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const run of [...this.#waiting.keys()]) this.#wake(run);
  }

  #wake(run: string): void {
    for (const done of [...this.#waiting.get(run) ?? []]) done();
  }
}

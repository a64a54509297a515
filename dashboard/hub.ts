/**
 * Wakes those who watch a run when something about it changed. It carries no data: a viewer that is slow, or gone,
 * costs the one who reports nothing, because each reads the log at its own pace.
 */
export class Hub implements Disposable {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #versions = new Map<string, number>();
  #closed = false;

  /** True once the program is about to end: whoever watches should say goodbye. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Counts the changes of a run since the program began. */
  version(run: string): number {
    return this.#versions.get(run) ?? 0;
  }

  changed(run: string): void {
    this.#versions.set(run, this.version(run) + 1);
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

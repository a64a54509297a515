import { FakeClock } from "../../common/testing/fake_clock.ts";
import { Forge, type Size } from "./forge.ts";
import { tickSeconds, Watcher } from "./watcher.ts";

/** A made-up forge and a bridge that watches it, in one process: what the one asks of the other can be counted. */
export class Town implements Disposable {
  readonly clock = new FakeClock();
  readonly #forge: Forge;
  readonly #watcher: Watcher;

  constructor(size: Size) {
    const { clock } = this;
    this.#forge = new Forge(size, clock);
    const forge = { url: "https://forge.example", fetch: this.#forge.gitea.fetch };
    this.#watcher = new Watcher({ clock, forge, dashboard: null, repos: size.repos });
  }

  [Symbol.dispose](): void {
    this.#watcher[Symbol.dispose]();
  }

  async tick(): Promise<void> {
    await this.#watcher.tick();
  }

  async hours(count: number): Promise<void> {
    for (let tick = 0; tick < count * 3600 / tickSeconds; tick++) await this.tick();
  }

  command(): void {
    this.#forge.command();
  }

  /** How many requests the forge has had. */
  get calls(): number {
    return this.#forge.gitea.requests.length;
  }

  get live(): number {
    return this.#watcher.live;
  }

  /** Commands that were answered by a comment of ours. */
  get answered(): number {
    return this.#forge.gitea.replies().length;
  }
}

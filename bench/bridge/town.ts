import { join } from "node:path";
import { Bridge } from "../../bridge/bridge.ts";
import { giteaForge } from "../../bridge/forge/gitea.ts";
import { Store } from "../../bridge/store.ts";
import { FakeClock } from "../../bridge/testing/fake_clock.ts";
import { FakeEngine } from "../../bridge/testing/fake_engine.ts";
import { FakeGitea } from "../../bridge/testing/fake_gitea.ts";

/** Seconds between two looks at the forge. */
export const tickSeconds = 15;
const owner = "recipe-maintainers";

/**
 * A forge with many repositories and pull requests, and a bridge that watches all of them, in time that passes as
 * fast as it is worked off.
 */
export class Town implements Disposable {
  readonly clock = new FakeClock();
  readonly gitea = new FakeGitea(this.clock);
  readonly engine = new FakeEngine();
  readonly #folder = Deno.makeTempDirSync({ prefix: "ccci-bench-bridge-" });
  readonly #store = new Store(join(this.#folder, "bridge.db"));
  readonly #bridge: Bridge;
  #ids = 0;
  #next = 0;

  constructor({ repos, pulls }: { repos: number; pulls: number }) {
    const names = Array.from({ length: repos }, (_, at) => `recipe-${at}`);
    const created = this.clock.now() - 3_600_000;
    for (const name of names) {
      for (let number = 1; number <= pulls; number++) {
        const body = JSON.stringify({ is_force_push: false, commit_ids: ["a".repeat(40)] });
        this.gitea.pulls.push({
          ...{
            repo: `${owner}/${name}`,
            number,
            open: true,
            head: "a".repeat(40),
            created,
            updated: created,
          },
          timeline: [{ type: "pull_push", body, created_at: new Date(created).toISOString() }],
        });
      }
    }
    const enrolments = {
      recipes: new Map(names.map((name) => [`${owner}/${name}`, name])),
      owners: [owner],
      problems: [],
    };
    const url = "https://forge.example";
    this.#bridge = new Bridge({
      store: this.#store,
      clock: this.clock,
      org: owner,
      forgeUrl: url,
      newId: () => `bench${String(++this.#ids).padStart(9, "0")}`,
      forge: giteaForge({ url, token: "token", fetch: this.gitea.fetch, clock: this.clock }),
      engine: this.engine,
      dashboard: null,
      readEnrolments: () => Promise.resolve(enrolments),
      readMaintenance: () => Promise.resolve(null),
    });
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** One tick in the bridge's life; a run takes as long. */
  async tick(): Promise<void> {
    this.clock.pass(tickSeconds);
    await this.#bridge.poll();
    for (let round = 0; round < 6; round++) {
      const moved = [await this.#bridge.decide(), await this.#bridge.deliver(), await this.#bridge.drive()];
      if (!moved.includes(true)) break;
    }
    for (const run of this.engine.running()) this.engine.finish(run, "passed");
  }

  async hours(count: number): Promise<void> {
    for (let tick = 0; tick < count * 3600 / tickSeconds; tick++) await this.tick();
  }

  /** A member asks for a run, each time on another pull request. */
  command(): void {
    const pull = this.gitea.pulls[this.#next++ * 7 % this.gitea.pulls.length];
    if (pull !== undefined) this.gitea.say(pull, { user: "maintainer", body: "!testme" });
  }

  /** Drops what the made-up forge and engine remember of runs that are over, which no bridge holds. */
  forgetPast(): void {
    this.gitea.requests.length = 0;
    this.gitea.comments.splice(0, Math.max(0, this.gitea.comments.length - 500));
  }

  /** Requests the forge has had. */
  get calls(): number {
    return this.gitea.requests.length;
  }

  get live(): number {
    return this.#store.liveRuns().length;
  }

  /** Commands that were answered by a comment of ours. */
  get answered(): number {
    return this.gitea.replies().length;
  }
}

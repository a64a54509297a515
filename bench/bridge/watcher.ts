import { join } from "node:path";
import { Bridge } from "../../bridge/service/bridge.ts";
import type { Dashboard } from "../../bridge/reports/dashboard_client.ts";
import type { Engine, EngineState, StartAnswer } from "../../bridge/engine/engine.ts";
import { giteaForge } from "../../bridge/forge/gitea.ts";
import { Store } from "../../bridge/store/store.ts";
import type { FakeClock } from "../../common/testing/fake_clock.ts";
import type { RunParams } from "../../protocol/params.ts";
import { owner, repoNames } from "./forge.ts";

/** Seconds between two looks at the forge. */
export const tickSeconds = 15;
/** Between two looks for default branches that moved, as the bridge has it by default. */
const scheduleMs = 900_000;

/** An engine in which every run passes within a tick and is forgotten a tick later. */
class PassingEngine implements Engine {
  readonly name = "passing";
  readonly capacity = 1;
  readonly seesDeath = true;
  #running = new Set<string>();
  #ended = new Set<string>();

  start({ RUN }: RunParams): Promise<StartAnswer> {
    this.#running.add(RUN);
    return Promise.resolve({ ok: true });
  }

  state(run: string): Promise<EngineState> {
    if (this.#running.has(run)) return Promise.resolve({ kind: "running" });
    if (this.#ended.has(run)) return Promise.resolve({ kind: "ended", outcome: "passed", cause: null });
    return Promise.resolve({ kind: "unknown" });
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  problems(): Promise<string[]> {
    return Promise.resolve([]);
  }

  /** Ends what runs. @returns its names */
  turn(): string[] {
    [this.#ended, this.#running] = [this.#running, new Set()];
    return [...this.#ended];
  }
}

export interface WatcherOptions {
  clock: FakeClock;
  /** How the forge is reached. */
  forge: { url: string; fetch: typeof fetch };
  dashboard: Dashboard | null;
  repos: number;
}

/** A bridge that watches many repositories, on a clock that moves on as soon as the bridge has nothing left to do. */
export class Watcher implements Disposable {
  readonly #clock: FakeClock;
  readonly #folder = Deno.makeTempDirSync({ prefix: "ccci-bench-bridge-" });
  readonly #store = new Store(join(this.#folder, "bridge.db"));
  readonly #engine = new PassingEngine();
  readonly #bridge: Bridge;
  #ids = 0;

  constructor({ clock, forge, dashboard, repos }: WatcherOptions) {
    this.#clock = clock;
    const recipes = new Map(repoNames({ repos }).map((name) => [`${owner}/${name}`, name]));
    const enrolments = {
      recipes,
      owners: [owner],
      mistakes: new Map(),
      shown: new Set<string>(),
      problems: [],
    };
    this.#bridge = new Bridge({
      store: this.#store,
      clock,
      org: owner,
      forgeUrl: forge.url,
      newId: () => `bench${String(++this.#ids).padStart(7, "0")}`,
      forge: giteaForge({ ...forge, token: "token", clock }),
      engine: this.#engine,
      dashboard,
      readEnrolments: () => Promise.resolve(enrolments),
      readMaintenance: () => Promise.resolve(null),
      scheduleMs,
    });
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** One tick in the bridge's life; a run takes as long. @returns the runs whose harness came to its end */
  async tick(): Promise<string[]> {
    this.#clock.pass(tickSeconds);
    await this.#bridge.poll();
    for (let round = 0; round < 6; round++) {
      const moved = [
        await this.#bridge.decide(),
        await this.#bridge.deliver(),
        await this.#bridge.announce(),
        await this.#bridge.drive(),
      ];
      if (!moved.includes(true)) break;
    }
    return this.#engine.turn();
  }

  /** Runs that are not over. */
  get live(): number {
    return this.#store.liveRuns().length;
  }
}

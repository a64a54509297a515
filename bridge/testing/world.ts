import assert from "node:assert/strict";
import { join } from "node:path";
import { Bridge, type BridgeDeps } from "../service/bridge.ts";
import { dashboardClient } from "../reports/dashboard_client.ts";
import { DroneEngine } from "../engine/drone.ts";
import { ownerOf } from "../../enrolment/repositories.ts";
import type { Engine } from "../engine/engine.ts";
import { giteaForge } from "../forge/gitea.ts";
import { RetryGate } from "../forge/retry_gate.ts";
import { giteaStatuses } from "../forge/statuses.ts";
import type { Maintenance } from "../commands/maintenance.ts";
import type { Vitals } from "../service/vitals.ts";
import { Store } from "../store/store.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { exitCodes, type RunOutcome } from "../../protocol/result.ts";
import { FakeDashboard } from "./fake_dashboard.ts";
import { FakeDrone } from "./fake_drone.ts";
import { FakeEngine } from "./fake_engine.ts";
import { FakeGitea } from "./fake_gitea.ts";

export const repo = "recipe-maintainers/custom-html";
export const commits = { first: "3fa9c1b".padEnd(40, "0"), second: "c0ffee0".padEnd(40, "0") } as const;

/** How long a call that a dead process had sent is on its way. */
const lateMs = 5_000;

/** A process that was killed: the call it was in never returns, and its memory is gone. */
class Killed extends Error {}

/**
 * Everything around a bridge, and the bridge. What the bridge changes outside goes through {@linkcode World.#effect},
 * where the process can be killed before or after.
 */
export class World implements Disposable {
  readonly clock = new FakeClock();
  readonly gitea: FakeGitea;
  readonly engine = new FakeEngine();
  readonly dashboard = new FakeDashboard(this.clock);
  readonly drone: FakeDrone | null;
  readonly #schedule: number;
  readonly #statuses: boolean;
  /** Names of the effects so far. */
  readonly effects: string[] = [];
  /**
   * Kill the process at the effect of this number, counted from 0. `late`: it was sent, and is carried out some seconds
   * after the next process began.
   */
  killAt: { effect: number; when: "before" | "after" | "late" } | null = null;
  /** Runs the engine was seen to have at a time: how often it was looked, the most of one pull request, and of all. */
  readonly seen = { looks: 0, ofOne: 0, ofAll: 0 };
  hasDashboard = true;
  maintenance: Maintenance | null = null;
  recipes = new Map([[repo, "custom-html"]]);
  /** Those of them that are not for the public. */
  readonly hidden = new Set<string>();
  mistakes = new Map<string, string>();
  readonly #folder = Deno.makeTempDirSync({ prefix: "ccci-bridge-" });
  #store: Store;
  #bridge: Bridge;
  #killed = Promise.withResolvers<never>();
  /** The process that lives now: what a dead one has left to do never happens. */
  #life = { dead: false };
  /** Calls of dead processes that are still on their way. */
  #late: { at: number; arrive(): Promise<unknown> }[] = [];

  /**
   * @param options.drone whether runs go to a fake Drone server by the real engine, in place of the fake engine
   * @param options.schedule seconds between two looks for branches that moved; 0 for none
   * @param options.statuses whether commits get statuses
   * @param options.forgejo whether the forge is a Forgejo
   * @param options.capacity runs the engine may have at a time
   */
  constructor(
    options: {
      drone?: boolean;
      schedule?: number;
      statuses?: boolean;
      forgejo?: boolean;
      capacity?: number;
    } = {},
  ) {
    this.gitea = new FakeGitea(this.clock, { forgejo: options.forgejo === true });
    this.engine.capacity = options.capacity ?? 1;
    this.#schedule = options.schedule ?? 0;
    this.#statuses = options.statuses === true;
    this.drone = options.drone === true ? new FakeDrone(this.clock) : null;
    this.#killed.promise.catch(() => {});
    this.#store = new Store(this.database, { durable: false });
    this.#bridge = this.#newBridge();
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  get store(): Store {
    return this.#store;
  }

  /** File of the bridge's database. */
  get database(): string {
    return join(this.#folder, "bridge.db");
  }

  /** What the bridge leaves behind for whoever asks how it is. */
  get vitals(): Vitals {
    return this.#bridge.vitals;
  }

  /** A webhook arrives while the poll is under way. */
  async rung(place: { repo: string; pr: number }): Promise<void> {
    this.#bridge.ring(place);
    await Promise.all([this.#bridge.answerRings(), this.#bridge.poll()]);
  }

  /** A webhook says that something was pushed. */
  rungByPush(): void {
    this.#bridge.ringPush();
  }

  /** Drops everything the bridge has in memory and starts it anew on the same file. */
  restart(): void {
    this.#store[Symbol.dispose]();
    this.#life.dead = true;
    this.#life = { dead: false };
    this.#killed = Promise.withResolvers<never>();
    this.#killed.promise.catch(() => {});
    this.#store = new Store(this.database, { durable: false });
    this.#bridge = this.#newBridge();
  }

  /** One second in the life of the bridge; it is started again if it is killed in it. */
  async second(): Promise<void> {
    this.clock.pass(1);
    await this.#land();
    const bridge = this.#bridge;
    const rounds = [
      () => bridge.poll(),
      () => bridge.decide(),
      () => bridge.deliver(),
      () => bridge.announce(),
      () => bridge.drive(),
      () => bridge.deliver(),
      () => bridge.announce(),
    ];
    try {
      for (const round of rounds) await Promise.race([round(), this.#killed.promise]);
      this.#assertOneRunEach();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.restart();
    }
  }

  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) await this.second();
  }

  /** Lets time pass until it holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let second = 0; second < 300; second++) {
      if (holds()) return;
      await this.second();
    }
    assert.fail(`It never came to pass that ${what}. Comments:\n${this.bodies().join("\n---\n")}`);
  }

  /** Names of the runs that were started, in that order. */
  started(): string[] {
    if (this.drone !== null) return this.drone.builds.map((build) => build.params.RUN ?? "");
    return this.engine.started.map((params) => params.RUN);
  }

  /** A runner takes what Drone has for it; the fake engine starts runs by itself. */
  take(run: string): void {
    this.drone?.take(run);
  }

  /** The harness of a run ends; it was heard, unless the dashboard is away. */
  finish(run: string, outcome: RunOutcome): void {
    if (!this.dashboard.away && this.dashboard.runs.has(run)) this.dashboard.heartbeat(run);
    if (this.drone === null) this.engine.finish(run, outcome);
    else this.drone.end(run, exitCodes[outcome]);
  }

  /** The only run, once the engine has it. */
  async runStarted(): Promise<string> {
    await this.until("a run starts", () => this.started().length > 0);
    return this.started()[0] ?? "";
  }

  /** Texts of the bot's comments. */
  bodies(): string[] {
    return this.gitea.replies().map((comment) => comment.body);
  }

  /** What must hold whatever happened. */
  assertSound(): void {
    const names = this.started();
    assert.equal(new Set(names).size, names.length, "no run is started twice");
    const markers = this.bodies().map((body) => body.match(/<!-- cc-ci:[a-z0-9]+ -->/)?.[0]);
    assert.ok(!markers.includes(undefined), "every comment of ours has its marker");
    assert.equal(new Set(markers).size, markers.length, "no comment is written twice");
  }

  /** No pull request has two runs at a time. */
  #assertOneRunEach(): void {
    const builds = this.drone?.builds.filter((build) => ["pending", "running"].includes(build.status)) ?? [];
    const running = this.drone === null
      ? this.engine.running()
      : builds.map((build) => build.params.RUN ?? "");
    const pulls = running.map((name) => {
      const params = this.drone?.build(name).params ?? this.engine.started.find(({ RUN }) => RUN === name);
      return `${params?.SRC}#${params?.PR}`;
    });
    this.seen.looks++;
    this.seen.ofOne = Math.max(
      this.seen.ofOne,
      ...pulls.map((one) => pulls.filter((other) => other === one).length),
    );
    this.seen.ofAll = Math.max(this.seen.ofAll, pulls.length);
    assert.ok(
      pulls.length <= this.engine.capacity,
      `more at a time than the engine can have: ${running.join(", ")}`,
    );
    assert.equal(new Set(pulls).size, pulls.length, `two runs of one pull request: ${running.join(", ")}`);
  }

  #newBridge(): Bridge {
    return new Bridge(this.deps());
  }

  /** What a bridge needs, all of it of this world. */
  deps(): BridgeDeps {
    const { clock } = this;
    const forge = {
      ...{ url: "https://forge.example", token: "forge-token", clock, gate: new RetryGate(clock) },
      fetch: this.#killable(this.gitea.fetch, "forge"),
    };
    return {
      store: this.#store,
      clock,
      org: this.gitea.org,
      forgeUrl: "https://forge.example",
      newId: () => crypto.randomUUID().replaceAll("-", "").slice(0, 12),
      forge: giteaForge(forge),
      statuses: this.#statuses ? giteaStatuses(forge) : null,
      engine: this.#killableEngine(),
      dashboard: !this.hasDashboard ? null : dashboardClient({
        url: this.dashboard.url,
        token: "bridge-token",
        fetch: this.#killable(this.dashboard.fetch, "dashboard"),
      }),
      scheduleMs: this.#schedule === 0 ? null : this.#schedule * 1000,
      readMaintenance: () => Promise.resolve(this.maintenance),
      readEnrolments: () =>
        Promise.resolve({
          recipes: this.recipes,
          owners: [...new Set([...this.recipes.keys()].map(ownerOf))],
          mistakes: this.mistakes,
          shown: new Set([...this.recipes.values()].filter((recipe) => !this.hidden.has(recipe))),
          problems: [],
        }),
    };
  }

  #killable(inner: typeof fetch, where: string): typeof fetch {
    const life = this.#life;
    return async (input, init) => {
      if (life.dead) return await never();
      const request = new Request(input, init);
      if (request.method === "GET") return await inner(request);
      return await this.#effect(
        `${where}: ${request.method} ${new URL(request.url).pathname}`,
        () => inner(request),
      );
    };
  }

  #killableEngine(): Engine {
    const { engine, drone, clock } = this;
    if (drone !== null) {
      return new DroneEngine({
        ...{ url: "https://drone.example", token: "drone-token", repo: drone.repo, branch: "main" },
        ...{ commit: drone.commit, capacity: engine.capacity },
        fetch: this.#killable(drone.fetch, "drone"),
        clock,
      });
    }
    const life = this.#life;
    const living = <T>(work: () => Promise<T>) => life.dead ? never() : work();
    return {
      name: engine.name,
      capacity: engine.capacity,
      seesDeath: engine.seesDeath,
      problems: () => engine.problems(),
      start: (params) => living(() => this.#effect("engine: start", () => engine.start(params))),
      state: (run) => living(() => engine.state(run)),
      cancel: (run) => living(() => this.#effect("engine: cancel", () => engine.cancel(run))),
    };
  }

  async #effect<T>(name: string, work: () => Promise<T>): Promise<T> {
    const number = this.effects.push(name) - 1;
    const kill = this.killAt?.effect === number ? this.killAt.when : null;
    if (kill === "late") this.#late.push({ at: this.clock.now() + lateMs, arrive: work });
    if (kill === "before" || kill === "late") return await this.#die();
    const value = await work();
    if (kill === "after") return await this.#die();
    return value;
  }

  async #land(): Promise<void> {
    const due = this.#late.filter(({ at }) => at <= this.clock.now());
    this.#late = this.#late.filter((one) => !due.includes(one));
    for (const { arrive } of due) await arrive().catch(() => {}); // nobody hears its answer
  }

  #die(): Promise<never> {
    this.#life.dead = true;
    this.#killed.reject(new Killed());
    return never();
  }
}

function never(): Promise<never> {
  return new Promise<never>(() => {});
}

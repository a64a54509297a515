import { backoffMs, type Failure } from "../../common/answer.ts";
import { formatRoughly } from "../../common/time.ts";
import { Announcer } from "../reports/announcer.ts";
import { BridgeReporter } from "../reports/bridge_report.ts";
import type { Clock } from "../../common/time.ts";
import type { Dashboard } from "../reports/dashboard_client.ts";
import { Decider } from "../commands/decider.ts";
import type { Engine } from "../engine/engine.ts";
import type { Enrolments } from "../../enrolment/repositories.ts";
import { guarded } from "../reports/verdict_guard.ts";
import type { Forge } from "../forge/forge.ts";
import { noteAbsences } from "../forge/absences.ts";
import type { Maintenance } from "../commands/maintenance.ts";
import { Outbox } from "../reports/outbox.ts";
import { longestAgeMs } from "../commands/policy.ts";
import { Poller, type Sight } from "../commands/poller.ts";
import { Reporter } from "../reports/reporter.ts";
import { isOfPull } from "../store/rows.ts";
import { Runs } from "../runs/runs.ts";
import { Scheduler } from "../runs/scheduler.ts";
import type { Statuses } from "../forge/statuses.ts";
import { StatusOutbox } from "../reports/status_outbox.ts";
import { Sweeper } from "../commands/sweeper.ts";
import type { Vitals } from "./vitals.ts";
import type { Store } from "../store/store.ts";
import { logger } from "../../common/log.ts";

const log = logger("bridge");

export interface BridgeDeps {
  store: Store;
  forge: Forge;
  engine: Engine;
  dashboard: Dashboard | null;
  clock: Clock;
  readEnrolments(): Promise<Enrolments>;
  readMaintenance(): Promise<Maintenance | null>;
  /** Organisation whose members may give commands. */
  org: string;
  /** Address of the forge as people see it. */
  forgeUrl: string;
  newId(): string;
  /** Milliseconds between two looks for default branches that moved. @default null: none are tested unasked */
  scheduleMs?: number | null;
  /** Where commits get their statuses. @default null: nowhere */
  statuses?: Statuses | null;
}

const enrolmentsAgeMs = 60_000;
const engineAgeMs = 30_000;
/** A forge that cannot be read for this long is trouble. */
const blindMs = 120_000;
/** How long after its end people may look into what the engine kept of a run, to find a fault. */
const keepRunsMs = 14 * 24 * 3_600_000;

/** The bridge's parts put together. Each method does one round of one part and can be called again at any time. */
export class Bridge {
  readonly vitals: Vitals = {
    polledAt: null,
    pollFailure: null,
    problems: [],
    engineProblems: [],
    maintenance: false,
  };
  readonly #deps: BridgeDeps;
  /** Repositories that the forge did not show under the name they were asked for. */
  readonly #absent = new Set<string>();
  readonly #poller: Poller;
  readonly #sweeper: Sweeper;
  readonly #scheduler: Scheduler | null;
  readonly #decider: Decider;
  readonly #runs: Runs;
  readonly #reporter: Reporter;
  readonly #outbox: Outbox;
  readonly #statuses: StatusOutbox | null;
  readonly #announcer: Announcer | null;
  readonly #report: BridgeReporter | null;
  #enrolments: Enrolments = {
    recipes: new Map(),
    owners: [],
    mistakes: new Map(),
    shown: new Set(),
    problems: [],
  };
  #enrolmentsAt = -Infinity;
  #maintenance: Maintenance | null = null;
  #engineAt = -Infinity;
  #engineFaults: string[] = [];
  #tidiedAt = -Infinity;
  #failures = 0;

  constructor(deps: BridgeDeps) {
    this.#deps = deps;
    const { store, engine, dashboard, clock, org, newId } = deps;
    const forge = noteAbsences(deps.forge, this.#absent);
    const enrolments = () => this.#enrolments;
    const held = () => this.#maintenance !== null;
    const repositoryPage = (repo: string) => `${deps.forgeUrl.replace(/\/+$/, "")}/${repo}`;
    this.#announcer = dashboard === null ? null : new Announcer({
      store,
      dashboard,
      clock,
      linkOf: (run) =>
        `${repositoryPage(run.repo)}/${isOfPull(run) ? `pulls/${run.pr}` : `commit/${run.commit}`}`,
    });
    this.#report = dashboard === null ? null : new BridgeReporter({
      store,
      dashboard,
      clock,
      recipeOf: (repo) => this.#enrolments.recipes.get(repo.toLowerCase()) ?? null,
      troubles: () => this.#troubles(),
    });
    const readers = { store, forge: guarded(forge, { store, clock }), clock, enrolments };
    this.#poller = new Poller(readers);
    this.#sweeper = new Sweeper(readers);
    const everyMs = deps.scheduleMs ?? null;
    this.#scheduler = everyMs === null
      ? null
      : new Scheduler({ store, forge, clock, enrolments, newId, held, everyMs });
    this.#decider = new Decider({
      store,
      forge,
      clock,
      org,
      newId,
      enrolments,
      maintenance: () => this.#maintenance,
    });
    this.#runs = new Runs({
      store,
      forge,
      org,
      engine,
      clock,
      announced: (run) => this.#announcer?.announced(run) ?? true,
      hasDashboard: dashboard !== null,
      held,
      neverHeard: (run) => this.#announcer?.neverHeard(run) ?? false,
      silentMs: (run) => this.#announcer?.silentMs(run) ?? 0,
      doubts: new Map(),
    });
    const pageOf = (run: string) => dashboard?.page(run) ?? null;
    this.#reporter = new Reporter({
      store,
      clock,
      held,
      shown: (recipe) => this.#enrolments.shown.has(recipe),
      repositoryPage,
      pageOf,
    });
    const statuses = deps.statuses ?? null;
    this.#statuses = statuses === null ? null : new StatusOutbox({ store, statuses, clock, pageOf });
    this.#outbox = new Outbox({ store, forge, clock });
  }

  /** Looks at the forge once. @returns milliseconds to add before the next look, 0 unless it cannot be read at all */
  async poll(): Promise<number> {
    await this.#refreshEnrolments();
    const { failure, trouble, problems } = await this.#identify() ?? await this.#poller.poll();
    this.#tellProblems([...this.#enrolments.problems, ...problems]);
    this.vitals.pollFailure = failure?.message ?? trouble;
    // Where only the search for pull requests fails, comments and branches can still be read. A forge that does not
    // answer at all is left alone.
    if (failure?.status !== 0) {
      await this.#sweeper.sweep();
      await this.#scheduler?.look();
    }
    return failure === null ? this.#seen() : this.#blind(failure);
  }

  #seen(): number {
    if (this.#failures > 0) log.info("the forge answers again");
    this.#failures = 0;
    this.vitals.polledAt = this.#deps.clock.now();
    return 0;
  }

  #blind(failure: Failure): number {
    const wait = failure.retryAfterMs ?? backoffMs(++this.#failures);
    const facts = {
      status: failure.status,
      error: failure.message,
      retry_ms: wait,
      undelivered: this.#deps.store.oldestUndelivered(),
    };
    log.warn("could not read the forge", facts);
    return wait;
  }

  /** Remembers that somebody wrote there, until {@linkcode Bridge.answerRings}. */
  ring(place: { repo: string; pr: number }): void {
    this.#poller.ring(place);
  }

  /** Remembers that somebody pushed, until the next poll. */
  ringPush(): void {
    this.#scheduler?.ring();
  }

  /** Reads where it was rung. @returns whether there was anything to read */
  answerRings(): Promise<boolean> {
    return this.#poller.answerRings();
  }

  /** Decides on commands. @returns whether any was decided */
  async decide(): Promise<boolean> {
    await this.#lookAtSwitch();
    const decided = await this.#decider.decide();
    return this.#refresh() || decided;
  }

  /** Moves runs and renews their texts. @returns whether anything changed */
  async drive(): Promise<boolean> {
    await this.#lookAtEngine();
    const moved = await this.#runs.drive();
    this.#noteProblems();
    return this.#refresh() || moved;
  }

  /** Writes what is due on the forge. @returns whether it took anything */
  async deliver(): Promise<boolean> {
    const delivered = await this.#outbox.deliver();
    return await this.#statuses?.deliver() || delivered;
  }

  #refresh(): boolean {
    const changed = this.#reporter.refresh();
    return this.#statuses?.refresh() || changed;
  }

  /** Talks to the dashboard. @returns whether anything was new */
  async announce(): Promise<boolean> {
    const news = await this.#announcer?.exchange() ?? false;
    await this.#report?.tell();
    return news;
  }

  /** What is wrong, for a page that everybody can read: it names no recipe, owner or address. */
  #troubles(): { text: string; recipe: string | null }[] {
    const { polledAt, pollFailure, problems, engineProblems, maintenance } = this.vitals;
    const blind = pollFailure !== null && polledAt !== null && this.#deps.clock.now() - polledAt > blindMs;
    const many = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
    const texts = [
      blind && `The forge could not be read for ${formatRoughly(this.#deps.clock.now() - polledAt)}`,
      problems.length > 0 && `${many(problems.length, "problem")} in the enrolments, see the bridge's log`,
      engineProblems.length > 0 &&
      `${many(engineProblems.length, "problem")} of the engine, see the bridge's log`,
      maintenance && "Maintenance: commands are answered, and what waits goes on waiting",
    ];
    const moved = [...this.#absent].flatMap((repo) => {
      const recipe = this.#enrolments.recipes.get(repo);
      const text = "The forge shows its repository no more under the name that it is enrolled with: " +
        "it was renamed, moved or deleted";
      return recipe === undefined ? [] : [{ text, recipe }];
    });
    return [...texts.filter((text) => text !== false).map((text) => ({ text, recipe: null })), ...moved];
  }

  async #lookAtSwitch(): Promise<void> {
    const now = await this.#deps.readMaintenance();
    if ((now === null) !== (this.#maintenance === null)) {
      log.info(now === null ? "maintenance is over" : "maintenance");
    }
    this.#maintenance = now;
    this.vitals.maintenance = now !== null;
  }

  async #lookAtEngine(): Promise<void> {
    const { store, engine, clock } = this.#deps;
    const now = clock.now();
    if (now - this.#engineAt < engineAgeMs) return;
    this.#engineAt = now;
    this.#engineFaults = await engine.problems();
    if (now - this.#tidiedAt < longestAgeMs) return;
    this.#tidiedAt = now;
    store.forgetViews(now - keepRunsMs);
    await engine.forget?.(now - keepRunsMs);
  }

  #noteProblems(): void {
    const problems = [...this.#engineFaults, ...this.#runs.problems()];
    for (const problem of problems) {
      if (!this.vitals.engineProblems.includes(problem)) log.error("the engine cannot be used", { problem });
    }
    this.vitals.engineProblems = problems;
  }

  async #refreshEnrolments(): Promise<void> {
    const { clock, readEnrolments } = this.#deps;
    if (clock.now() - this.#enrolmentsAt < enrolmentsAgeMs) return;
    this.#enrolments = await readEnrolments();
    this.#enrolmentsAt = clock.now();
    this.#decider.forget();
  }

  #tellProblems(problems: readonly string[]): void {
    for (const problem of problems) {
      if (!this.vitals.problems.includes(problem)) log.error("bad enrolment", { problem });
    }
    this.vitals.problems = problems;
  }

  /** The bridge has to know its own account: it leaves its own comments unread, and finds them again by it. */
  async #identify(): Promise<Sight | null> {
    const { store, forge, org } = this.#deps;
    if (store.ownId !== null) return null;
    const answer = await forge.whoAmI({ org });
    if (!answer.ok) return { failure: answer, trouble: null, problems: [] };
    if (answer.value === null) return null; // the first comment written will tell
    store.ownId = answer.value.id;
    log.info("writing as", { ...answer.value });
    return null;
  }
}

import type { Clock } from "../../common/time.ts";
import { describeError } from "../../common/errors.ts";
import { logger } from "../../common/log.ts";
import type { ForgeCheckDeps } from "./still_wanted.ts";
import { ForgeChecks } from "./forge_checks.ts";
import type { Engine } from "../engine/engine.ts";
import { Transitions } from "./transitions.ts";
import { longestAgeMs } from "../commands/policy.ts";
import {
  expired,
  isOfPull,
  isRetried,
  isToStop,
  longestTakeMs,
  postKey,
  retriedAt,
  type Run,
  runName,
  viewOf,
  waitsForRunner,
  wasHeard,
} from "../store/rows.ts";
import { memoryOf, Starter } from "./starter.ts";
import type { Store } from "../store/store.ts";
import { Queue } from "./queue.ts";
import { Follower } from "./follower.ts";

const log = logger("bridge", "runs");

/** How long the dashboard gets to hand over the stages before the verdict is written without them. */
const resultWaitMs = 15_000;
const unproved =
  "The harness was never heard: the engine calls the run passed, but nothing of it reached the dashboard";
/** How long a run waits for its comment where the forge does not take it. */
const commentWaitMs = 5 * 60_000;

export interface RunsDeps extends ForgeCheckDeps {
  store: Store;
  engine: Engine;
  clock: Clock;
  /** Whether the dashboard was told of this run, or is not there to be told. */
  announced(run: Run): boolean;
  /** Whether there is a dashboard that may still have something to say about a finished run. */
  hasDashboard: boolean;
  /** Whether nothing is to be started at present. */
  held(): boolean;
  /** Whether the dashboard answered at the end of the run, which is over, and never heard anything of it. */
  neverHeard(run: Run): boolean;
  /** For how long the dashboard has answered without having heard of the run, milliseconds. */
  silentMs(run: Run): number;
}

/**
 * Drives every live run along its states, one arrow at a time: accepted → commented → queued → starting → running →
 * finished → reported. Before the bridge does something outside for an arrow, it stores a state that says that this may
 * have happened; before it does it again, it looks whether it did. So it does not matter where an earlier process
 * ended. Each call is a sweep over all arrows that have not completed.
 */
export class Runs {
  readonly #deps: RunsDeps;
  readonly #moves: Transitions;
  readonly #checks: ForgeChecks;
  readonly #queue: Queue;
  readonly #starter: Starter;
  readonly #follower: Follower;
  /** Runs a step is being made with. */
  readonly #underWay = new Set<string>();

  constructor(deps: RunsDeps) {
    this.#deps = deps;
    const moves = new Transitions(deps);
    const checks = new ForgeChecks(deps);
    this.#moves = moves;
    this.#checks = checks;
    this.#queue = new Queue({ ...deps, moves, checks });
    this.#starter = new Starter({ ...deps, moves });
    this.#follower = new Follower({ ...deps, moves, checks });
  }

  /**
   * Moves what can be moved. May be called again while it is not done: then the runs that a slow engine or forge holds
   * up are left alone, and the others go on.
   * @returns whether any run changed its state
   */
  async drive(): Promise<boolean> {
    const steps = this.#deps.store.liveRuns().map(({ id }) => this.#drive(id));
    const given = await this.#queue.give((id) => steps.push(this.#drive(id)));
    const moved = await Promise.all(steps);
    return given || moved.includes(true);
  }

  async #drive(id: string): Promise<boolean> {
    if (this.#underWay.has(id)) return false;
    this.#underWay.add(id);
    const run = this.#deps.store.run(id);
    try {
      return run !== undefined && await this.#step(run);
    } catch (error) { // one run's fault is not another's
      log.error("could not move a run", { run: id, state: run?.state, error: describeError(error) });
      return false;
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Runs whose turn came and that nothing takes, a sentence each; whoever runs the CI should look. */
  problems(): string[] {
    const { store, clock } = this.#deps;
    return store.liveRuns().filter((run) => (waitsForRunner(run, clock.now()) ?? 0) >= longestTakeMs).map((
      run,
    ) => `No runner has taken run "${runName(run)}": look whether one runs, reaches its server and is free`);
  }

  async #step(run: Run): Promise<boolean> {
    switch (run.state) {
      case "accepted":
        return this.#cancelledEarly(run) || this.#commented(run);
      case "commented":
        return this.#cancelledEarly(run) || (this.#deps.announced(run) && this.#moves.advance(run, "queued"));
      case "queued":
        return this.#cancelledEarly(run);
      case "starting":
        return await this.#start(run);
      case "running":
        return await this.#follower.look(run);
      case "finished":
        this.#forget(run);
        return await this.#report(run);
      case "reported":
        return false;
    }
  }

  /**
   * The comment is the outbox's business; the run waits for it a while, as people should hear of it first. Whoever
   * locks a conversation or blocks our account must not keep a pull request from being tested. Nobody asked for a run
   * of a branch.
   */
  #commented(run: Run): boolean {
    if (!isOfPull(run)) return this.#moves.advance(run, "commented");
    const { store, clock } = this.#deps;
    const post = store.post(postKey(run));
    if (post === undefined) return false;
    const waited = clock.now() - post.planned_at;
    const goesOn = post.id !== null || post.dead === 1 || (waited >= commentWaitMs && post.tries > 0);
    return goesOn && this.#moves.advance(run, "commented");
  }

  #cancelledEarly(run: Run): boolean {
    if (isToStop(run)) return this.#moves.finish(run, { outcome: "cancelled", cause: run.stop });
    const { store, clock } = this.#deps;
    if (!store.hasWaitedSince(run, clock.now() - longestAgeMs)) return false;
    return this.#moves.finish(run, { outcome: "cancelled", cause: expired });
  }

  /** Starts a run and looks at it right away: an engine that starts at once can say so without another round. */
  async #start(run: Run): Promise<boolean> {
    const moved = await this.#starter.start(run);
    const now = this.#deps.store.run(run.id);
    if (moved && now?.state === "running") await this.#follower.look(now);
    return moved;
  }

  /** Another attempt has its own name, page and result; the comment stays. */
  async #retry(run: Run): Promise<boolean> {
    const { store, clock, engine } = this.#deps;
    if (clock.now() < retriedAt(run)) return false;
    // The engine would still count the build of a runner that died as running.
    await engine.cancel(runName(run), { gone: true, memory: memoryOf(run) });
    const trouble = run.cause ?? viewOf(run)?.result?.cause ?? "The run could not be brought to a verdict";
    log.warn("trying again", { run: runName(run), comment: run.comment, trouble });
    this.#forget(run);
    return store.advance(run, "commented", {
      attempt: run.attempt + 1,
      trouble,
      outcome: null,
      cause: null,
      asked_at: null,
      turn_at: null,
      started_at: null,
      finished_at: null,
      announced: null,
      view: null,
      view_at: null,
      engine_page: null,
      settled: 0,
    });
  }

  #forget(run: Run): void {
    for (const part of [this.#checks, this.#starter, this.#follower]) part.forget(run);
  }

  /** The verdict waits a moment for the stages; it counts as reported once the forge confirmed the final text. */
  async #report(run: Run): Promise<boolean> {
    const { store, clock } = this.#deps;
    if (run.settled === 0) {
      if (clock.now() - (run.finished_at ?? 0) < resultWaitMs) return false;
      // An engine may call a build successful in which no harness ran.
      const empty = run.outcome === "passed" && !wasHeard(run) && this.#deps.neverHeard(run);
      store.note(run.id, { settled: 1, ...(empty ? { outcome: "infra", cause: unproved } : {}) });
      if (empty) log.warn("a pass without any sign of the harness", { run: runName(run) });
      return false;
    }
    if (isRetried(run)) return await this.#retry(run);
    if (!isOfPull(run)) return this.#moves.advance(run, "reported");
    const post = store.post(postKey(run));
    const written = post !== undefined && post.final > 0 && post.delivered === post.body;
    return (written || post?.dead === 1) && this.#moves.advance(run, "reported");
  }
}

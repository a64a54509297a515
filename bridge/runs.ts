import { backoffMs } from "./answer.ts";
import type { Clock } from "../common/time.ts";
import { describeError } from "../common/errors.ts";
import { logger } from "../common/log.ts";
import type { RunParams } from "../protocol/params.ts";
import { type GateDeps, mayGoOn, mayStart, type Pass } from "./gate.ts";
import type { Engine, EngineState } from "./engine/engine.ts";
import {
  isOfPull,
  isRetried,
  isToStop,
  longestTakeMs,
  type Run,
  runName,
  viewOf,
  waitsForRunner,
} from "./rows.ts";
import type { Store } from "./store.ts";
import { type Ending, Watchdog } from "./watchdog.ts";

const log = logger("bridge", "runs");

/** How long the dashboard gets to hand over the stages before the verdict is written without them. */
const resultWaitMs = 15_000;
/** After an engine has refused this often to start a run it ends as CI trouble. */
const startTries = 6;
const betweenCancelsMs = 15_000;
/** CI trouble passes sooner or later, hardly at once. */
const beforeRetryMs = 20_000;
/** How often the forge is asked whether a running run is still wanted. */
const betweenLooksMs = 60_000;

export interface RunsDeps extends GateDeps {
  store: Store;
  engine: Engine;
  clock: Clock;
  /** Whether the dashboard was told of this run, or is not there to be told. */
  announced(run: Run): boolean;
  /** Whether there is a dashboard that may still have something to say about a finished run. */
  hasDashboard: boolean;
  /** Whether nothing is to be started at present. */
  held(): boolean;
  /** For how long the dashboard has answered without having heard of the run, milliseconds. */
  silentMs(run: Run): number;
}

/** Key of a run's comment among the posts. */
export function postKey(run: Pick<Run, "id">): string {
  return `run:${run.id}`;
}

/**
 * Drives every live run along its states, one arrow at a time:
 * accepted → commented → queued → starting → running → finished → reported.
 * What an arrow does outside is preceded by a stored state that says it may have happened, and is looked up before it
 * is repeated; so it does not matter where the process ended before. Each call is a sweep over all arrows that have
 * not completed.
 */
export class Runs {
  readonly #deps: RunsDeps;
  readonly #starts = new Map<string, { tries: number; refusals: number; notBefore: number }>();
  readonly #cancels = new Map<string, number>();
  readonly #gates = new Map<string, { tries: number; notBefore: number }>();
  readonly #watchdog = new Watchdog();

  constructor(deps: RunsDeps) {
    this.#deps = deps;
  }

  /** Moves what can be moved. @returns whether any run changed its state */
  async drive(): Promise<boolean> {
    let moved = false;
    for (const { id } of this.#deps.store.liveRuns()) {
      const run = this.#deps.store.run(id);
      try {
        if (run !== undefined && await this.#step(run)) moved = true;
      } catch (error) { // one run's fault is not another's
        log.error("could not move a run", { run: id, state: run?.state, error: describeError(error) });
      }
    }
    return moved;
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
        return this.#commented(run);
      case "commented":
        return this.#cancelledEarly(run) || (this.#deps.announced(run) && this.#advance(run, "queued"));
      case "queued":
        return this.#cancelledEarly(run) || await this.#takeSlot(run);
      case "starting":
        return await this.#start(run);
      case "running":
        return await this.#watch(run);
      case "finished":
        return await this.#report(run);
      case "reported":
        return false;
    }
  }

  /** The comment is the outbox's business; here only its being there counts. Nobody asked for a run of a branch. */
  #commented(run: Run): boolean {
    if (!isOfPull(run)) return this.#advance(run, "commented");
    const post = this.#deps.store.post(postKey(run));
    if (post === undefined) return false;
    if (post.id !== null) return this.#advance(run, "commented");
    if (post.dead === 0) return false;
    return this.#finish(run, { outcome: "cancelled", cause: "The forge does not take comments there" });
  }

  #cancelledEarly(run: Run): boolean {
    return isToStop(run) && this.#finish(run, { outcome: "cancelled", cause: run.stop });
  }

  async #takeSlot(run: Run): Promise<boolean> {
    const { store, engine } = this.#deps;
    if (this.#deps.held()) return false;
    const others = store.liveRuns();
    const busy = others.filter((other) => other.state === "starting" || other.state === "running").length;
    const first = others.find((other) => other.state === "queued");
    if (busy >= engine.capacity || first?.id !== run.id) return false;
    const pass = await this.#gate(run, mayStart);
    if (pass?.kind === "stop") return this.#finish(run, { outcome: "cancelled", cause: pass.why });
    if (pass?.kind !== "go") return false;
    const turn = { turn_at: this.#deps.clock.now() };
    if (!this.#advance(run, "starting", turn)) return false;
    return await this.#start({ ...run, ...turn, state: "starting" });
  }

  async #start(run: Run): Promise<boolean> {
    const { engine, clock, store } = this.#deps;
    const waiting = this.#starts.get(run.id);
    if (waiting !== undefined && clock.now() < waiting.notBefore) return false;
    const memory = { askedAt: run.asked_at };
    if (isToStop(run)) {
      const known = await engine.state(runName(run), memory);
      if (known.kind === "unknown") return this.#cancelledEarly(run);
      if (known.kind !== "away") return this.#advance(run, "running");
    }
    // Stored before, as the process may end in the call, and the call be carried out after that.
    const now = { asked_at: clock.now() };
    store.note(run.id, now);
    const answer = await engine.start(paramsOf(run), memory);
    if (answer.ok) {
      this.#starts.delete(run.id);
      if (!this.#advance(run, "running")) return false;
      await this.#watch({ ...run, ...now, state: "running" });
      return true;
    }
    const asked = { away: run.asked_at, refused: null, unsure: clock.now() }[answer.kind];
    store.note(run.id, { asked_at: asked });
    const tries = (waiting?.tries ?? 0) + 1;
    const refusals = (waiting?.refusals ?? 0) + (answer.kind === "refused" ? 1 : 0);
    log.warn("could not start", { run: runName(run), comment: run.comment, error: answer.message, tries });
    this.#starts.set(run.id, { tries, refusals, notBefore: clock.now() + backoffMs(tries) });
    if (answer.kind !== "refused" || refusals < startTries) return false;
    return this.#finish({ ...run, asked_at: null }, {
      outcome: "infra",
      cause: `The run could not be started: ${answer.message}`,
    });
  }

  /** What the engine accepted may wait there for a runner: it has begun once something of it runs. */
  async #watch(accepted: Run): Promise<boolean> {
    const { engine } = this.#deps;
    const state = await engine.state(runName(accepted), { askedAt: accepted.asked_at });
    const run = this.#begun(accepted, state.kind === "running");
    return await this.#judge(run, state) || run.started_at !== accepted.started_at;
  }

  #begun(run: Run, runs: boolean): Run {
    const heard = viewOf(run);
    const began = heard !== null && (heard.startedAt !== null || heard.stages.length > 0);
    if (run.started_at !== null || !(runs || began)) return run;
    const started_at = this.#deps.clock.now();
    this.#deps.store.note(run.id, { started_at });
    log.info("begun", { run: runName(run), comment: run.comment });
    return { ...run, started_at };
  }

  async #judge(run: Run, state: EngineState): Promise<boolean> {
    const { engine } = this.#deps;
    const lives = state.kind === "running" || state.kind === "waiting";
    if (lives && isToStop(run)) await this.#cancel(run);
    else if (lives) {
      const pass = await this.#gate(run, mayGoOn);
      if (pass?.kind === "stop") this.#deps.store.note(run.id, { stop: pass.why });
    }
    switch (state.kind) {
      case "ended":
        return this.#finish(
          run,
          state.outcome === "cancelled" ? { ...state, cause: run.stop ?? state.cause } : state,
        );
      case "lost":
        return await this.#lose(run, { outcome: "infra", cause: state.cause });
      case "unknown":
        return this.#finish(run, { outcome: "infra", cause: "The run's traces on the CI host are gone" });
      case "running": {
        if (engine.seesDeath) return false;
        const about = { now: this.#deps.clock.now(), silentMs: this.#deps.silentMs(run) };
        const ending = this.#watchdog.look(run, about);
        return ending !== null && await this.#lose(run, ending);
      }
      default:
        this.#watchdog.forget(run);
        return false;
    }
  }

  /** The end is stored first: what is cleared away looks cancelled afterwards. */
  async #lose(run: Run, ending: Ending): Promise<boolean> {
    const stopped = ending.outcome === "infra" && isToStop(run);
    const moved = this.#finish(run, stopped ? { ...ending, outcome: "cancelled" } : ending);
    await this.#deps.engine.cancel(runName(run), { gone: true });
    return moved;
  }

  /** Asked for again now and then: the harness may not have listened yet. */
  async #cancel(run: Run): Promise<void> {
    const { engine, clock } = this.#deps;
    if (clock.now() < (this.#cancels.get(run.id) ?? 0)) return;
    this.#cancels.set(run.id, clock.now() + betweenCancelsMs);
    log.info("cancelling", { run: runName(run), comment: run.comment, by: run.cancelled_by ?? run.stop });
    await engine.cancel(runName(run));
  }

  /** Asks the forge about a run. @returns `null` while it is not time to ask */
  async #gate(run: Run, ask: (run: Run, deps: GateDeps) => Promise<Pass>): Promise<Pass | null> {
    const { clock } = this.#deps;
    const last = this.#gates.get(run.id);
    if (last !== undefined && clock.now() < last.notBefore) return null;
    const pass = await ask(run, this.#deps);
    if (pass.kind === "later") {
      const tries = (last?.tries ?? 0) + 1;
      const wait = pass.retryAfterMs ?? backoffMs(tries);
      this.#gates.set(run.id, { tries, notBefore: clock.now() + wait });
      log.warn("cannot ask about a run", {
        run: runName(run),
        comment: run.comment,
        why: pass.why,
        retry_ms: wait,
      });
    } else this.#gates.set(run.id, { tries: 0, notBefore: clock.now() + betweenLooksMs });
    return pass;
  }

  /** Another attempt has its own name, page and result; the comment stays. */
  async #retry(run: Run): Promise<boolean> {
    const { store, clock, engine } = this.#deps;
    if (clock.now() - (run.finished_at ?? 0) < beforeRetryMs) return false;
    // A dead runner's build would still count as running.
    await engine.cancel(runName(run), { gone: true });
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
      settled: 0,
    });
  }

  #forget(run: Run): void {
    for (const notes of [this.#starts, this.#cancels, this.#gates]) notes.delete(run.id);
    this.#watchdog.forget(run);
  }

  #finish(run: Run, { outcome, cause }: Ending): boolean {
    const ran = run.started_at !== null || (run.asked_at !== null && outcome !== "cancelled");
    const waits = this.#deps.hasDashboard && ran && (viewOf(run)?.result ?? null) === null;
    const settled = waits ? 0 : 1;
    this.#forget(run);
    return this.#advance(run, "finished", {
      outcome,
      cause,
      settled,
      finished_at: this.#deps.clock.now(),
    });
  }

  /** The verdict waits a moment for the stages; it counts as reported once the forge confirmed the final text. */
  async #report(run: Run): Promise<boolean> {
    const { store, clock } = this.#deps;
    if (run.settled === 0) {
      if (clock.now() - (run.finished_at ?? 0) >= resultWaitMs) store.note(run.id, { settled: 1 });
      return false;
    }
    if (isRetried(run)) return await this.#retry(run);
    if (!isOfPull(run)) return this.#advance(run, "reported");
    const post = store.post(postKey(run));
    const written = post !== undefined && post.final > 0 && post.delivered === post.body;
    return (written || post?.dead === 1) && this.#advance(run, "reported");
  }

  #advance(run: Run, state: Run["state"], changes: Partial<Run> = {}): boolean {
    const moved = this.#deps.store.advance(run, state, changes);
    if (moved) {
      const { outcome, cause } = changes;
      log.info(state, { run: runName(run), comment: run.comment, ...(outcome ? { outcome, cause } : {}) });
    }
    return moved;
  }
}

function paramsOf(run: Run): RunParams {
  return {
    RECIPE: run.recipe,
    REF: run.ref,
    PR: run.pr === null ? "" : String(run.pr),
    SRC: run.repo,
    RUN: runName(run),
  };
}

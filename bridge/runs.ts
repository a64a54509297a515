import { backoffMs } from "./answer.ts";
import type { Clock } from "../common/time.ts";
import { describeError } from "../common/errors.ts";
import { logger } from "../common/log.ts";
import type { RunOutcome } from "../protocol/result.ts";
import type { RunParams } from "../protocol/params.ts";
import type { Engine } from "./engine/engine.ts";
import { type Run, runName, viewOf } from "./rows.ts";
import type { Store } from "./store.ts";

const log = logger("bridge", "runs");

/** How long the dashboard gets to hand over the stages before the verdict is written without them. */
const resultWaitMs = 15_000;
/** After this many failures in a row to start a run it ends as CI trouble. */
const startTries = 6;
const betweenCancelsMs = 15_000;

export interface RunsDeps {
  store: Store;
  engine: Engine;
  clock: Clock;
  /** Whether the dashboard was told of this run, or is not there to be told. */
  announced(run: Run): boolean;
  /** Whether there is a dashboard that may still have something to say about a finished run. */
  hasDashboard: boolean;
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
  readonly #starts = new Map<string, { tries: number; notBefore: number }>();
  readonly #cancels = new Map<string, number>();

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
        return this.#report(run);
      case "reported":
        return false;
    }
  }

  /** The comment is the outbox's business; here only its being there counts. */
  #commented(run: Run): boolean {
    const post = this.#deps.store.post(postKey(run));
    if (post === undefined) return false;
    if (post.id !== null) return this.#advance(run, "commented");
    if (post.dead === 0) return false;
    return this.#finish(run, { outcome: "cancelled", cause: "The forge does not take comments there" });
  }

  #cancelledEarly(run: Run): boolean {
    return run.cancelled_by !== null && this.#finish(run, { outcome: "cancelled", cause: null });
  }

  async #takeSlot(run: Run): Promise<boolean> {
    const { store, engine } = this.#deps;
    const others = store.liveRuns();
    const busy = others.filter((other) => other.state === "starting" || other.state === "running").length;
    const first = others.find((other) => other.state === "queued");
    if (busy >= engine.capacity || first?.id !== run.id) return false;
    if (!this.#advance(run, "starting", { started_at: this.#deps.clock.now() })) return false;
    return await this.#start({ ...run, state: "starting" });
  }

  async #start(run: Run): Promise<boolean> {
    const { engine, clock } = this.#deps;
    const waiting = this.#starts.get(run.id);
    if (waiting !== undefined && clock.now() < waiting.notBefore) return false;
    const known = await engine.state(runName(run));
    if (known.kind !== "unknown" && known.kind !== "away") return this.#advance(run, "running");
    const answer = known.kind === "away"
      ? { ok: false as const, message: known.message }
      : await engine.start(paramsOf(run));
    if (answer.ok) {
      this.#starts.delete(run.id);
      return this.#advance(run, "running");
    }
    const tries = (waiting?.tries ?? 0) + 1;
    log.warn("could not start", { run: runName(run), comment: run.comment, error: answer.message, tries });
    this.#starts.set(run.id, { tries, notBefore: clock.now() + backoffMs(tries) });
    if (known.kind === "away" || tries < startTries) return false;
    return this.#finish(run, { outcome: "infra", cause: `The run could not be started: ${answer.message}` });
  }

  async #watch(run: Run): Promise<boolean> {
    const { engine } = this.#deps;
    const state = await engine.state(runName(run));
    if (run.cancelled_by !== null && state.kind === "running") await this.#cancel(run);
    switch (state.kind) {
      case "ended":
        return this.#finish(run, state);
      case "lost":
        return this.#finish(run, { outcome: "infra", cause: state.cause });
      case "unknown":
        return this.#finish(run, { outcome: "infra", cause: "The run's traces on the CI host are gone" });
      default:
        return false;
    }
  }

  /** Asked for again now and then: the harness may not have listened yet. */
  async #cancel(run: Run): Promise<void> {
    const { engine, clock } = this.#deps;
    if (clock.now() < (this.#cancels.get(run.id) ?? 0)) return;
    this.#cancels.set(run.id, clock.now() + betweenCancelsMs);
    log.info("cancelling", { run: runName(run), comment: run.comment, by: run.cancelled_by });
    await engine.cancel(runName(run));
  }

  #finish(run: Run, { outcome, cause }: { outcome: RunOutcome; cause: string | null }): boolean {
    const waits = this.#deps.hasDashboard && run.started_at !== null &&
      (viewOf(run)?.result ?? null) === null;
    const settled = waits ? 0 : 1;
    return this.#advance(run, "finished", { outcome, cause, settled, finished_at: this.#deps.clock.now() });
  }

  /** The verdict waits a moment for the stages; it counts as reported once the forge confirmed the final text. */
  #report(run: Run): boolean {
    const { store, clock } = this.#deps;
    if (run.settled === 0) {
      if (clock.now() - (run.finished_at ?? 0) >= resultWaitMs) store.note(run.id, { settled: 1 });
      return false;
    }
    const post = store.post(postKey(run));
    const written = post?.final === 1 && post.delivered === post.body;
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
  return { RECIPE: run.recipe, REF: run.ref, PR: String(run.pr), SRC: run.repo, RUN: runName(run) };
}

import { logger } from "../../common/log.ts";
import type { Clock } from "../../common/time.ts";
import type { Engine, EngineState } from "../engine/engine.ts";
import { type ForgeCheckDeps, mayBeRetried, mayGoOn } from "./still_wanted.ts";
import type { ForgeChecks } from "./forge_checks.ts";
import type { Transitions } from "./transitions.ts";
import { longestAgeMs } from "../commands/policy.ts";
import { expired, isToStop, type Run, runName, wasHeard } from "../store/rows.ts";
import { memoryOf } from "./starter.ts";
import type { Store } from "../store/store.ts";
import { type Ending, Watchdog } from "./watchdog.ts";

const log = logger("bridge", "runs");

const betweenCancelsMs = 15_000;

export interface FollowerDeps extends Pick<ForgeCheckDeps, "forge"> {
  store: Store;
  engine: Engine;
  clock: Clock;
  moves: Transitions;
  checks: ForgeChecks;
  /** For how long the dashboard has answered without having heard of the run, milliseconds. */
  silentMs(run: Run): number;
}

/** Looks after runs that the engine has accepted. */
export class Follower {
  readonly #deps: FollowerDeps;
  readonly #cancels = new Map<string, number>();
  readonly #watchdog = new Watchdog();

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /**
   * A run that the engine accepted may wait there for a runner: it has begun once the engine or the harness says that
   * something of it runs.
   */
  async look(accepted: Run): Promise<boolean> {
    const { engine } = this.#deps;
    const state = await engine.state(runName(accepted), memoryOf(accepted));
    this.#notePage(accepted);
    const run = this.#begun(accepted, state.kind === "running");
    return await this.#judge(run, state) || run.started_at !== accepted.started_at;
  }

  #notePage(run: Run): void {
    const page = this.#deps.engine.page?.(runName(run)) ?? null;
    if (page !== null && run.engine_page === null) {
      this.#deps.store.note(run.id, { engine_page: JSON.stringify(page) });
    }
  }

  #begun(run: Run, runs: boolean): Run {
    if (run.started_at !== null || !(runs || wasHeard(run))) return run;
    const started_at = this.#deps.clock.now();
    this.#deps.store.note(run.id, { started_at });
    log.info("begun", { run: runName(run), comment: run.comment });
    return { ...run, started_at };
  }

  async #judge(run: Run, state: EngineState): Promise<boolean> {
    const { engine, store, clock } = this.#deps;
    const lives = state.kind === "running" || state.kind === "waiting";
    if (lives && isToStop(run)) await this.#cancel(run);
    else if (state.kind === "waiting" && store.hasWaitedSince(run, clock.now() - longestAgeMs)) {
      store.note(run.id, { stop: expired });
    } else if (lives) {
      const pass = await this.#deps.checks.ask(run, mayGoOn);
      if (pass?.kind === "stop") store.note(run.id, { stop: pass.why });
    }
    switch (state.kind) {
      case "ended":
        return this.#deps.moves.finish(run, await this.#ending(run, state));
      case "lost":
        return await this.#lose(run, { outcome: "infra", cause: state.cause });
      case "unknown":
        return this.#deps.moves.finish(run, {
          outcome: "infra",
          cause: "The run's traces on the CI host are gone",
        });
      case "running": {
        if (engine.seesDeath) return false;
        const heard = { now: clock.now(), silentMs: this.#deps.silentMs(run) };
        const ending = this.#watchdog.look(run, heard);
        return ending !== null && await this.#lose(run, ending);
      }
      default:
        this.#watchdog.forget(run);
        return false;
    }
  }

  /**
   * Why the run ended. Where somebody asked for its end, that is the reason, also for a harness that was ended before it
   * could say so: what the engine then says is the cause that it names. A harness whose commit was replaced can only call
   * that CI trouble, so the forge is asked whether the head moved.
   */
  async #ending(run: Run, { outcome, cause }: Ending): Promise<Ending> {
    const brokenOff = outcome === "infra" && cause !== null && isToStop(run);
    if (outcome === "cancelled" || brokenOff) return { outcome: "cancelled", cause: run.stop ?? cause };
    if (outcome !== "infra" || isToStop(run)) return { outcome, cause };
    const look = await mayBeRetried(run, this.#deps);
    return look.kind === "stop" ? { outcome: "cancelled", cause: look.why } : { outcome, cause };
  }

  /** The end is stored first, since the engine calls a run cancelled once it was cleared away. */
  async #lose(run: Run, ending: Ending): Promise<boolean> {
    const stopped = ending.outcome === "infra" && isToStop(run);
    const moved = this.#deps.moves.finish(run, stopped ? { ...ending, outcome: "cancelled" } : ending);
    await this.#deps.engine.cancel(runName(run), { gone: true, memory: memoryOf(run) });
    return moved;
  }

  /** Asks the engine again now and then: a harness that is just starting may not have heard it. */
  async #cancel(run: Run): Promise<void> {
    const { engine, clock } = this.#deps;
    if (clock.now() < (this.#cancels.get(run.id) ?? 0)) return;
    this.#cancels.set(run.id, clock.now() + betweenCancelsMs);
    log.info("cancelling", { run: runName(run), comment: run.comment, by: run.cancelled_by ?? run.stop });
    await engine.cancel(runName(run), { memory: memoryOf(run) });
  }

  forget(run: Run): void {
    this.#cancels.delete(run.id);
    this.#watchdog.forget(run);
  }
}

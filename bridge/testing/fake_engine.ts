import type { RunParams } from "../../protocol/params.ts";
import type { RunOutcome } from "../../protocol/result.ts";
import type { Engine, EngineState, StartAnswer } from "../engine/engine.ts";

/** An engine that does as the test says. It outlives the bridge, as a real one does. */
export class FakeEngine implements Engine {
  readonly name = "fake";
  capacity = 1;
  seesDeath = true;
  readonly started: RunParams[] = [];
  readonly cancelled: string[] = [];
  /** Set to make starting fail, before or after the run came into being. */
  refusal: "before" | "after" | null = null;
  away = false;
  readonly #states = new Map<string, EngineState>();

  start(params: RunParams): Promise<StartAnswer> {
    if (this.away) return Promise.resolve({ ok: false, kind: "away", message: "connection refused" });
    if (this.refusal === "before") {
      return Promise.resolve({ ok: false, kind: "refused", message: "the engine is busy" });
    }
    if (this.#states.has(params.RUN)) return Promise.resolve({ ok: true });
    this.started.push(params);
    this.#states.set(params.RUN, { kind: "running" });
    if (this.refusal === "after") {
      return Promise.resolve({ ok: false, kind: "unsure", message: "gateway timeout" });
    }
    return Promise.resolve({ ok: true });
  }

  state(run: string): Promise<EngineState> {
    if (this.away) return Promise.resolve({ kind: "away", message: "connection refused" });
    return Promise.resolve(this.#states.get(run) ?? { kind: "unknown" });
  }

  cancel(run: string): Promise<void> {
    this.cancelled.push(run);
    return Promise.resolve();
  }

  problems(): Promise<string[]> {
    return Promise.resolve(this.away ? ["The engine does not answer"] : []);
  }

  /** Runs that run. */
  running(): string[] {
    return [...this.#states].filter(([, state]) => state.kind === "running").map(([run]) => run);
  }

  finish(run: string, outcome: RunOutcome): void {
    this.#states.set(run, { kind: "ended", outcome, cause: null });
  }

  /** The harness ends without a verdict of its own. */
  breakOff(run: string, cause: string): void {
    this.#states.set(run, { kind: "ended", outcome: "infra", cause });
  }

  lose(run: string): void {
    this.#states.set(run, { kind: "lost", cause: "The run's process disappeared without a result" });
  }
}

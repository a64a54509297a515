import { backoffMs } from "../../common/answer.ts";
import { logger } from "../../common/log.ts";
import type { Clock } from "../../common/time.ts";
import type { Engine, Memory } from "../engine/engine.ts";
import type { RunParams } from "../../protocol/params.ts";
import type { Transitions } from "./transitions.ts";
import { isToStop, type Run, runName } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "runs");

/** After an engine has refused this often to start a run it ends as CI trouble. */
const startTries = 6;

export interface StarterDeps {
  store: Store;
  engine: Engine;
  clock: Clock;
  moves: Transitions;
}

/** Brings runs whose turn came to the engine. */
export class Starter {
  readonly #deps: StarterDeps;
  readonly #failures = new Map<string, { tries: number; refusals: number; notBefore: number }>();

  constructor(deps: StarterDeps) {
    this.#deps = deps;
  }

  /** @returns whether the run moved */
  async start(run: Run): Promise<boolean> {
    const { engine, clock, store, moves } = this.#deps;
    const waiting = this.#failures.get(run.id);
    if (waiting !== undefined && clock.now() < waiting.notBefore) return false;
    const memory = memoryOf(run);
    if (isToStop(run)) {
      const known = await engine.state(runName(run), memory);
      if (known.kind === "away") return false;
      if (known.kind !== "unknown") return moves.advance(run, "running");
      return moves.finish(run, { outcome: "cancelled", cause: run.stop });
    }
    // Stored before the call, as the process may end in it and the engine carry it out all the same.
    store.note(run.id, { asked_at: clock.now() });
    const answer = await engine.start(paramsOf(run), memory);
    if (answer.ok) {
      this.#failures.delete(run.id);
      return moves.advance(run, "running");
    }
    const asked = { away: run.asked_at, refused: null, unsure: clock.now() }[answer.kind];
    store.note(run.id, { asked_at: asked });
    const tries = (waiting?.tries ?? 0) + 1;
    const refusals = (waiting?.refusals ?? 0) + (answer.kind === "refused" ? 1 : 0);
    log.warn("could not start", { run: runName(run), comment: run.comment, error: answer.message, tries });
    this.#failures.set(run.id, { tries, refusals, notBefore: clock.now() + backoffMs(tries) });
    if (answer.kind !== "refused" || refusals < startTries) return false;
    return moves.finish({ ...run, asked_at: null }, {
      outcome: "infra",
      cause: `The run could not be started: ${answer.message}`,
    });
  }

  forget(run: Run): void {
    this.#failures.delete(run.id);
  }
}

/** What an engine should be told of a run whenever it is asked about it. */
export function memoryOf(run: Run): Memory {
  return { since: run.turn_at ?? run.accepted_at, askedAt: run.asked_at };
}

function paramsOf(run: Run): RunParams {
  return {
    RECIPE: run.recipe,
    REF: run.commit,
    PR: run.pr === null ? "" : String(run.pr),
    SRC: run.repo,
    RUN: runName(run),
  };
}

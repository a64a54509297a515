import type { Clock } from "../../common/time.ts";
import type { Engine } from "../engine/engine.ts";
import { mayStart } from "./still_wanted.ts";
import type { ForgeChecks } from "./forge_checks.ts";
import type { Transitions } from "./transitions.ts";
import { isToStop, type Run } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

export interface QueueDeps {
  store: Store;
  engine: Pick<Engine, "capacity">;
  clock: Clock;
  moves: Transitions;
  checks: ForgeChecks;
  /** Whether nothing is to be started at present. */
  held(): boolean;
}

/** Gives free places of the engine to the runs that wait, in their order. */
export class Queue {
  readonly #deps: QueueDeps;
  #giving = false;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  /**
   * A run that cannot start now lets the others pass and keeps its place: the forge cannot say whether it may, or
   * another run of the same pull request runs.
   * @param begin called for each run that got its turn, at once
   * @returns whether any run moved
   */
  async give(begin: (id: string) => void): Promise<boolean> {
    if (this.#giving) return false;
    this.#giving = true;
    try {
      let moved = false;
      for (const { id } of this.#deps.store.liveRuns().filter(({ state }) => state === "queued")) {
        if (this.#deps.held() || this.#busy().length >= this.#deps.engine.capacity) break;
        if (await this.#give(id, begin)) moved = true;
      }
      return moved;
    } finally {
      this.#giving = false;
    }
  }

  async #give(id: string, begin: (id: string) => void): Promise<boolean> {
    const { store, clock, moves, checks } = this.#deps;
    const asked = store.run(id);
    if (asked === undefined || !this.#mayHave(asked)) return false;
    const pass = await checks.ask(asked, mayStart);
    // While the forge was asked somebody may have cancelled it.
    const run = store.run(id);
    if (run === undefined || !this.#mayHave(run) || pass === null || pass.kind === "later") return false;
    if (pass.kind === "stop") return moves.finish(run, { outcome: "cancelled", cause: pass.why });
    if (!moves.advance(run, "starting", { turn_at: clock.now() })) return false;
    begin(id);
    return true;
  }

  #mayHave(run: Run): boolean {
    return run.state === "queued" && !isToStop(run) && !this.#busy().some((other) => isOfSame(other, run));
  }

  #busy(): Run[] {
    return this.#deps.store.liveRuns().filter(({ state }) => state === "starting" || state === "running");
  }
}

/** Whether two runs are about the same pull request or branch. */
function isOfSame(one: Run, other: Run): boolean {
  return one.repo.toLowerCase() === other.repo.toLowerCase() && one.pr === other.pr &&
    one.branch === other.branch;
}

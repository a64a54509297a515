import { backoffMs } from "../../common/answer.ts";
import { logger } from "../../common/log.ts";
import type { Clock } from "../../common/time.ts";
import type { ForgeCheckDeps, Pass } from "./still_wanted.ts";
import { type Run, runName } from "../store/rows.ts";

const log = logger("bridge", "runs");

/** How often the forge is asked whether a running run is still wanted. */
const betweenLooksMs = 60_000;

/** Remembers when the forge is to be asked again about each run. */
export class ForgeChecks {
  readonly #deps: ForgeCheckDeps & { clock: Clock };
  readonly #asked = new Map<string, { tries: number; notBefore: number }>();

  constructor(deps: ForgeCheckDeps & { clock: Clock }) {
    this.#deps = deps;
  }

  /** Asks the forge about a run. @returns `null` while it is not time to ask */
  async ask(run: Run, ask: (run: Run, deps: ForgeCheckDeps) => Promise<Pass>): Promise<Pass | null> {
    const { clock } = this.#deps;
    const last = this.#asked.get(run.id);
    if (last !== undefined && clock.now() < last.notBefore) return null;
    const pass = await ask(run, this.#deps);
    if (pass.kind === "later") {
      const tries = (last?.tries ?? 0) + 1;
      const wait = pass.retryAfterMs ?? backoffMs(tries);
      this.#asked.set(run.id, { tries, notBefore: clock.now() + wait });
      log.warn("cannot ask about a run", {
        run: runName(run),
        comment: run.comment,
        why: pass.why,
        retry_ms: wait,
      });
    } else this.#asked.set(run.id, { tries: 0, notBefore: clock.now() + betweenLooksMs });
    return pass;
  }

  forget(run: Run): void {
    this.#asked.delete(run.id);
    this.#deps.doubts.delete(run.id);
  }
}

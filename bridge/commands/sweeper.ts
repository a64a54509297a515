import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { type Enrolments, ownerOf } from "../../enrolment/repositories.ts";
import { type Forge, isGone } from "../forge/forge.ts";
import { noteComment } from "./record_command.ts";
import { Pauses } from "./pauses.ts";
import { longestAgeMs } from "./policy.ts";
import { overlapMs } from "./poller.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "sweeper");

/** Every repository is swept once in this time: well before a command it finds is too old. */
const sweepMs = 22 * 3_600_000;
/**
 * Pauses after a failed sweep: `any` before one of the repositories that failed is tried, `same` at most until the same
 * one is.
 */
const retryMs = { any: 60_000, same: 30 * 60_000 };

export interface SweeperDeps {
  store: Store;
  forge: Forge;
  clock: Clock;
  enrolments(): Enrolments;
}

/**
 * Reads every enrolled repository's comments once in a while, one repository at a time and evenly spread: a search that
 * lags, or a pull request whose date was set back, hides nothing for longer.
 */
export class Sweeper {
  readonly #deps: SweeperDeps;
  /** Repositories whose last sweep failed. */
  readonly #pauses: Pauses;
  #sweptAt = -Infinity;
  #triedAgainAt = -Infinity;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.#pauses = new Pauses(deps.clock);
  }

  /**
   * Reads one repository, if it is time for that. One that failed is read again soon, and does not take the turn of
   * another.
   */
  async sweep(): Promise<void> {
    const { store, forge, clock } = this.#deps;
    const now = clock.now();
    const repo = this.#due(now);
    const known = repo === undefined ? undefined : store.owner(ownerOf(repo));
    if (repo === undefined || known === undefined) return;
    if (this.#pauses.failure(repo) === null) this.#sweptAt = now;
    else this.#triedAgainAt = now;
    const comments = await forge.repoComments({ repo, since: now - longestAgeMs - overlapMs });
    if (!comments.ok && !isGone(comments.status)) {
      const wait = this.#pauses.add(repo, comments, { longestMs: retryMs.same });
      log.warn("could not sweep", { repo, error: comments.message, retry_ms: wait });
      return;
    }
    this.#pauses.end(repo);
    if (!comments.ok) log.warn("nothing to sweep", { repo, error: comments.message });
    const found = comments.ok ? comments.value : [];
    const at = comments.ok ? comments.at ?? now : now;
    store.atomically(() => {
      for (const comment of found) {
        noteComment({ place: comment, comment, at, watchedSince: known.since }, { store, clock });
      }
      store.swept(repo, now);
    });
  }

  #due(now: number): string | undefined {
    const { store } = this.#deps;
    const repos = [...this.#deps.enrolments().recipes.keys()];
    const last = Math.max(store.lastSweepAt(), this.#sweptAt);
    const hasFailed = (repo: string) => this.#pauses.failure(repo) !== null;
    if (now - last >= sweepMs / repos.length) {
      const [next] = repos
        .filter((repo) => !hasFailed(repo) && store.owner(ownerOf(repo)) !== undefined)
        .sort((a, b) => store.sweptAt(a) - store.sweptAt(b));
      if (next !== undefined) return next;
    }
    if (now - this.#triedAgainAt < retryMs.any) return undefined;
    return repos.find((repo) => hasFailed(repo) && !this.#pauses.has(repo));
  }
}

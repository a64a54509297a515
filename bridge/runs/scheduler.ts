import type { Failure } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { type Enrolments, ownerOf } from "../../enrolment/repositories.ts";
import { type Forge, isGone, type Repository } from "../forge/forge.ts";
import { Pauses } from "../commands/pauses.ts";
import { isWaiting, movedOn, newRun, runName } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "scheduler");

/**
 * A default branch that did not move is tested again after this long: images and other things it relies on may have.
 */
const renewMs = 14 * 24 * 3_600_000;
/**
 * Longest pause between two such runs. Those of many recipes are spread evenly over the fortnight; those of few follow
 * each other at this pace.
 */
const longestGapMs = 3_600_000;
/** The forge stamps a change before everybody sees it. */
const overlapMs = 120_000;
/** A head that was read this long after its repository's last change is the one of that change. */
const quietMs = 10_000;

export interface SchedulerDeps {
  store: Store;
  forge: Forge;
  clock: Clock;
  enrolments(): Enrolments;
  /** Whether nothing is to be started at present. */
  held(): boolean;
  newId(): string;
  /** Between two looks at what was changed, milliseconds. */
  everyMs: number;
}

/**
 * Accepts runs that nobody asked for: of an enrolled repository's default branch when it moved, and of each once in a
 * while. One search per owner names the repositories that changed; of these alone the head is read. Which commit a
 * repository's latest run had is stored together with that run, so that a head gets one run however often it is seen.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  /** Numbers of the owners on the forge, by which it searches. */
  readonly #owners = new Map<string, number>();
  /** When an owner's repositories are looked at again. */
  readonly #nextLooks = new Map<string, number>();
  /** Owners and repositories that could not be read: the others do not wait for them. */
  readonly #pauses: Pauses;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#pauses = new Pauses(deps.clock);
  }

  /** The next round looks at once: something is said to have been pushed. */
  ring(): void {
    this.#nextLooks.clear();
  }

  /** Accepts what is due. What fails is tried again later and never lost: it is still due then. */
  async look(): Promise<void> {
    if (this.#deps.held()) return;
    await this.#lookForMoves();
    await this.#renew();
  }

  async #lookForMoves(): Promise<void> {
    const { clock, enrolments, everyMs } = this.#deps;
    for (const owner of enrolments().owners) {
      const started = clock.now();
      if (started < (this.#nextLooks.get(owner) ?? -Infinity) || this.#pauses.has(owner)) continue;
      const looked = await this.#lookAt(owner);
      if ("failure" in looked) {
        this.#failed(owner, { failure: looked.failure, longestMs: everyMs });
        continue;
      }
      this.#pauses.end(owner);
      const again = Math.min(...looked.unread.map((repo) => this.#pauses.until(repo)));
      this.#nextLooks.set(owner, Math.min(started + everyMs, again));
    }
  }

  /** @param name an owner or a repository */
  #failed(name: string, { failure, longestMs }: { failure: Failure; longestMs: number }): void {
    const wait = this.#pauses.add(name, failure, { longestMs });
    log.warn("could not look at default branches", { of: name, error: failure.message, retry_ms: wait });
  }

  /** Whether a run could not begin, as its recipe.yml is wrong: it stays due until that is corrected. */
  #isMistaken(repo: string, recipe: string): boolean {
    const problem = this.#deps.enrolments().mistakes.get(recipe);
    if (problem === undefined) return false;
    const message = `The recipe.yml of "${recipe}" ${problem}`;
    const failure: Failure = { ok: false, status: 0, message, retryAfterMs: null };
    this.#failed(repo, { failure, longestMs: longestGapMs });
    return true;
  }

  /** @returns the repositories that changed and could not be read */
  async #lookAt(owner: string): Promise<{ unread: string[] } | { failure: Failure }> {
    const { store, forge, clock, enrolments } = this.#deps;
    const ownerId = await this.#numberOf(owner);
    if (ownerId === null) return { unread: [] };
    if (typeof ownerId !== "number") return { failure: ownerId };
    const known = store.schedule.touched(owner);
    const since = (known ?? clock.now()) - overlapMs;
    const changed = await forge.touchedRepositories({ ownerId, since });
    if (!changed.ok) return { failure: changed };
    const at = changed.at ?? clock.now();
    if (known === null) {
      // Branches that moved before the bridge watched this owner are tested one after the other, not all at once.
      store.schedule.moveTouched(owner, at + overlapMs);
      return { unread: [] };
    }
    const unread: string[] = [];
    for (const found of changed.value.toReversed()) {
      const repo = found.repo.toLowerCase();
      const recipe = enrolments().recipes.get(repo);
      if (recipe === undefined || !found.testable || this.#isLookedAt(found)) continue;
      if (this.#pauses.has(repo) || this.#isMistaken(repo, recipe)) {
        unread.push(repo);
        continue;
      }
      const head = await forge.branchHead(found);
      if (!head.ok && !isGone(head.status)) {
        unread.push(repo);
        this.#failed(repo, { failure: head, longestMs: longestGapMs });
        continue;
      }
      this.#pauses.end(repo);
      if (!head.ok) continue;
      store.atomically(() => {
        if (store.schedule.branch(repo).commit !== head.value) {
          this.#accept(found, { recipe, commit: head.value, why: "moved" });
        }
        store.schedule.changeBranch(repo, { looked_at: head.at ?? at });
      });
    }
    // The next search has to begin at the same point, to name the repositories that could not be read again.
    if (unread.length > 0) return { unread };
    store.schedule.moveTouched(owner, Math.max(known, ...changed.value.map((found) => found.updatedAt)));
    return { unread };
  }

  #isLookedAt({ repo, updatedAt }: Repository): boolean {
    return this.#deps.store.schedule.branch(repo.toLowerCase()).looked_at > updatedAt + quietMs;
  }

  /** Number of an owner; `null` if none of the repositories can be read. */
  async #numberOf(owner: string): Promise<number | null | Failure> {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    let failure: Failure | null = null;
    for (const repo of this.#deps.enrolments().recipes.keys()) {
      if (ownerOf(repo) !== owner) continue;
      const found = await this.#deps.forge.repository({ repo });
      if (found.ok) {
        this.#owners.set(owner, found.value.ownerId);
        return found.value.ownerId;
      }
      if (isGone(found.status)) continue;
      if (failure !== null) return failure;
      failure = found;
    }
    return failure;
  }

  /** The repository whose latest run is the oldest gets one, if that is old enough and none is waiting. */
  async #renew(): Promise<void> {
    const { store, forge, clock, enrolments } = this.#deps;
    const { schedule } = store;
    const now = clock.now();
    const { recipes } = enrolments();
    if (now - schedule.renewedAt < Math.min(renewMs / recipes.size, longestGapMs)) return;
    if (store.liveRuns().some((run) => run.branch !== null && isWaiting(run))) return;
    const [next] = [...recipes]
      .map(([repo, recipe]) => ({ repo, recipe, ranAt: schedule.branch(repo).ran_at }))
      .filter(({ repo, ranAt }) => now - ranAt >= renewMs && !this.#pauses.has(repo))
      .sort((a, b) => a.ranAt - b.ranAt);
    if (next === undefined || this.#isMistaken(next.repo, next.recipe)) return;
    const found = await forge.repository({ repo: next.repo });
    const head = found.ok && found.value.testable ? await forge.branchHead(found.value) : null;
    for (const answer of [found, head]) {
      if (answer === null || answer.ok || isGone(answer.status)) continue;
      return this.#failed(next.repo, { failure: answer, longestMs: longestGapMs });
    }
    this.#pauses.end(next.repo);
    store.atomically(() => {
      if (found.ok && head?.ok) {
        schedule.renewedAt = now;
        this.#accept(found.value, { recipe: next.recipe, commit: head.value, why: "due" });
      } else schedule.changeBranch(next.repo, { ran_at: now });
    });
  }

  /**
   * Accepts a run of a branch's head. A run of an older head that still waits is stopped, and the new one gets its
   * place.
   */
  #accept({ repo, branch }: Repository, { recipe, commit, why }: Wanted): void {
    const { store, clock, newId } = this.#deps;
    const now = clock.now();
    let place = now;
    for (const older of store.liveRuns()) {
      if (older.branch === null || older.repo.toLowerCase() !== repo.toLowerCase()) continue;
      if (!isWaiting(older)) continue;
      place = Math.min(place, older.accepted_at);
      store.note(older.id, { stop: movedOn });
    }
    const facts = { recipe, repo, branch, commit, accepted_at: place };
    const run = newRun({ id: newId(), comment: null, pr: null, login: null, ...facts });
    store.addRun(run);
    store.schedule.changeBranch(repo.toLowerCase(), { commit, ran_at: now });
    log.info("accepted", { run: runName(run), recipe, branch, commit, why });
  }
}

interface Wanted {
  recipe: string;
  commit: string;
  why: "moved" | "due";
}

import { backoffMs, type Failure } from "./answer.ts";
import type { Clock } from "../common/time.ts";
import { logger } from "../common/log.ts";
import type { Enrolments } from "./enrolments.ts";
import { type Forge, isGone, type Repository } from "./forge/forge.ts";
import { ownerOf } from "./poller.ts";
import { isWaiting, movedOn, newRun, runName } from "./rows.ts";
import type { Store } from "./store.ts";

const log = logger("bridge", "scheduler");

/** A default branch that did not move is tested again: images and the rest of the world did. */
const renewMs = 14 * 24 * 3_600_000;
/** Between two such runs. Many recipes share the fortnight evenly, few do not wait for it. */
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
  /** Repositories whose turn it was and that could not be read: the others do not wait for them. */
  readonly #unreadable = new Map<string, number>();
  #nextLook = -Infinity;
  #failures = 0;
  #pausedUntil = -Infinity;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  /** The next round looks at once: something is said to have been pushed. */
  ring(): void {
    this.#nextLook = -Infinity;
  }

  /** Accepts what is due. What fails is tried again later and never lost: it is still due then. */
  async look(): Promise<void> {
    const { clock, held } = this.#deps;
    if (held() || clock.now() < this.#pausedUntil) return;
    const failure = await this.#lookForMoves() ?? await this.#renew();
    if (failure === null) {
      this.#failures = 0;
      return;
    }
    const wait = failure.retryAfterMs ?? backoffMs(++this.#failures, this.#deps.everyMs);
    this.#pausedUntil = clock.now() + wait;
    log.warn("could not look at default branches", { error: failure.message, retry_ms: wait });
  }

  async #lookForMoves(): Promise<Failure | null> {
    const { clock, enrolments, everyMs } = this.#deps;
    if (clock.now() < this.#nextLook) return null;
    const started = clock.now();
    for (const owner of enrolments().owners) {
      const failure = await this.#lookAt(owner);
      if (failure !== null) return failure;
    }
    this.#nextLook = started + everyMs;
    return null;
  }

  async #lookAt(owner: string): Promise<Failure | null> {
    const { store, forge, clock, enrolments } = this.#deps;
    const ownerId = await this.#numberOf(owner);
    if (ownerId === null) return null;
    if (typeof ownerId !== "number") return ownerId;
    const known = store.schedule.touched(owner);
    const since = (known ?? clock.now()) - overlapMs;
    const changed = await forge.touchedRepositories({ ownerId, since });
    if (!changed.ok) return changed;
    const at = changed.at ?? clock.now();
    if (known === null) {
      // What was pushed before anybody watched gets its run in its turn, not all of it at once.
      store.schedule.moveTouched(owner, at + overlapMs);
      return null;
    }
    let failure: Failure | null = null;
    for (const found of changed.value.toReversed()) {
      const recipe = enrolments().recipes.get(found.repo.toLowerCase());
      if (recipe === undefined || !found.testable || this.#isLookedAt(found)) continue;
      const head = await forge.branchHead(found);
      if (!head.ok) {
        if (!isGone(head.status)) failure ??= head;
        continue;
      }
      store.atomically(() => {
        if (store.schedule.branch(found.repo.toLowerCase()).head !== head.value) {
          this.#accept(found, { recipe, head: head.value, why: "moved" });
        }
        store.schedule.changeBranch(found.repo.toLowerCase(), { looked_at: head.at ?? at });
      });
    }
    if (failure !== null) return failure;
    store.schedule.moveTouched(owner, Math.max(known, ...changed.value.map((found) => found.updatedAt)));
    return null;
  }

  #isLookedAt({ repo, updatedAt }: Repository): boolean {
    return this.#deps.store.schedule.branch(repo.toLowerCase()).looked_at > updatedAt + quietMs;
  }

  /** Number of an owner; `null` if none of the repositories can be read. */
  async #numberOf(owner: string): Promise<number | null | Failure> {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    for (const repo of this.#deps.enrolments().recipes.keys()) {
      if (ownerOf(repo) !== owner) continue;
      const found = await this.#deps.forge.repository({ repo });
      if (found.ok) {
        this.#owners.set(owner, found.value.ownerId);
        return found.value.ownerId;
      }
      if (!isGone(found.status)) return found;
    }
    return null;
  }

  /** The repository whose latest run is the oldest gets one, if that is old enough and none is waiting. */
  async #renew(): Promise<Failure | null> {
    const { store, forge, clock, enrolments } = this.#deps;
    const { schedule } = store;
    const now = clock.now();
    const { recipes } = enrolments();
    if (now - schedule.renewedAt < Math.min(renewMs / recipes.size, longestGapMs)) return null;
    if (store.liveRuns().some((run) => run.branch !== null && isWaiting(run))) return null;
    const [next] = [...recipes]
      .map(([repo, recipe]) => ({ repo, recipe, ranAt: schedule.branch(repo).ran_at }))
      .filter(({ repo, ranAt }) => now - ranAt >= renewMs && now >= (this.#unreadable.get(repo) ?? 0))
      .sort((a, b) => a.ranAt - b.ranAt);
    if (next === undefined) return null;
    const found = await forge.repository({ repo: next.repo });
    const head = found.ok && found.value.testable ? await forge.branchHead(found.value) : null;
    for (const answer of [found, head]) {
      if (answer === null || answer.ok || isGone(answer.status)) continue;
      this.#unreadable.set(next.repo, now + longestGapMs);
      return answer;
    }
    store.atomically(() => {
      if (found.ok && head?.ok) {
        schedule.renewedAt = now;
        this.#accept(found.value, { recipe: next.recipe, head: head.value, why: "due" });
      } else schedule.changeBranch(next.repo, { ran_at: now });
    });
    return null;
  }

  /** A run of a branch that has moved is of no use before its turn; the new one gets its place. */
  #accept({ repo, branch }: Repository, { recipe, head, why }: Wanted): void {
    const { store, clock, newId } = this.#deps;
    const now = clock.now();
    let place = now;
    for (const older of store.liveRuns()) {
      if (older.branch === null || older.repo.toLowerCase() !== repo.toLowerCase()) continue;
      if (!isWaiting(older)) continue;
      place = Math.min(place, older.accepted_at);
      store.note(older.id, { stop: movedOn });
    }
    const facts = { recipe, repo, branch, ref: head, accepted_at: place };
    const run = newRun({ id: newId(), comment: null, pr: null, login: null, ...facts });
    store.addRun(run);
    store.schedule.changeBranch(repo.toLowerCase(), { head, ran_at: now });
    log.info("accepted", { run: runName(run), recipe, branch, ref: head, why });
  }
}

interface Wanted {
  recipe: string;
  head: string;
  why: "moved" | "due";
}

import type { Failure } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { type Enrolments, ownerOf, ownerUnknown } from "../../enrolment/repositories.ts";
import { type Forge, isGone, isUnknown, type TouchedPull } from "../forge/forge.ts";
import { type Found, noteComment, type Place } from "./record_command.ts";
import { Pauses } from "./pauses.ts";
import type { Store } from "../store/store.ts";
import type { Unread } from "../store/unread_store.ts";

const log = logger("bridge", "poller");

/** The forge dates a change before its search shows it: changes younger than this are read again. */
export const overlapMs = 120_000;
/** A pull request whose comments were read this long after its last change has nothing new to tell. */
const quietMs = 10_000;
/** Pull requests that webhooks can name between two looks; the poll finds the others. */
const mostRung = 1_000;
/**
 * Longest pauses before what failed is read again: an owner's pull requests, those of an owner whom the forge does not
 * know, and one pull request's comments.
 */
const pauseMs = { owner: 60_000, unknown: 15 * 60_000, place: 5 * 60_000 };
/**
 * After this many pull requests of an owner failed one after the other, the forge is taken to be unwell and the look at
 * this owner ends.
 */
const mostMisses = 3;
/** A pull request that could not be read for this long is given up. */
const giveUpMs = 7 * 24 * 3_600_000;

export interface PollerDeps {
  store: Store;
  forge: Forge;
  clock: Clock;
  enrolments(): Enrolments;
}

/** How much of the forge can be seen. */
export interface Sight {
  /** Why nothing is: every owner's search failed. */
  failure: Failure | null;
  /** What is not seen though the rest is, one sentence. */
  trouble: string | null;
  /** Owners that the forge does not know, a sentence for each. */
  problems: string[];
}

/** What one look at an owner brought. */
interface Look {
  owner: string;
  /** Up to when everything is known then; `null` if the look was broken off. */
  cursor: number | null;
  found: Found[];
  /** Pull requests whose comments were read, for {@linkcode Poller}'s memory once they are stored. */
  read: Map<string, { updatedAt: number; at: number }>;
  /** Places that could not be read, and those that need not be any more. */
  unread: Unread[];
  settled: Place[];
  failure: Failure | null;
}

/** A pull request whose comments have to be read. */
interface Target extends Place {
  since: number;
  /** Its latest change, if the search told it. */
  updatedAt: number | null;
}

/**
 * Sees what people write: one search per owner, then the comments of the pull requests that were touched. The point up
 * to which everything is known is stored and moves only once that is so; a pull request that cannot be read is
 * remembered by itself, so that it holds up nothing else.
 */
export class Poller {
  readonly #deps: PollerDeps;
  /** Pull requests read lately: the change they had then, and the forge's clock. */
  readonly #read = new Map<string, { updatedAt: number; at: number }>();
  readonly #rung = new Map<string, Place>();
  readonly #owners: Pauses;
  readonly #places: Pauses;

  constructor(deps: PollerDeps) {
    this.#deps = deps;
    this.#owners = new Pauses(deps.clock);
    this.#places = new Pauses(deps.clock);
  }

  /** Looks once at every owner, except for those whose last look failed a moment ago. */
  async poll(): Promise<Sight> {
    const { store, clock } = this.#deps;
    const looks: Look[] = [];
    for (const owner of this.#deps.enrolments().owners) {
      if (this.#owners.has(owner)) continue;
      const look = await this.#pollOwner(owner);
      const failure = look !== null && "ok" in look ? look : look?.failure ?? null;
      if (failure === null) this.#owners.end(owner);
      else this.#ownerFailed(owner, failure);
      if (look !== null && !("ok" in look)) looks.push(look);
    }
    store.atomically(() => {
      for (const look of looks) {
        for (const found of look.found) noteComment(found, { store, clock });
        for (const place of look.settled) store.unread.remove(place);
        for (const place of look.unread) store.unread.add(place);
        // A look that was broken off has to begin at the same point again, so the cursor stays.
        if (look.cursor !== null) store.moveCursor(look.owner, look.cursor);
      }
      const lost = store.unread.forget(clock.now() - giveUpMs);
      if (lost > 0) log.error("gave up on pull requests whose comments cannot be read", { count: lost });
    });
    // The pull requests count as read only now: what could not be stored, as on a full disk, has to be read again.
    for (const [key, read] of looks.flatMap((look) => [...look.read])) this.#read.set(key, read);
    this.#forget();
    return this.#sight();
  }

  /** Somebody is said to have written there. Known places only: the enrolled owners' repositories. */
  ring(place: Place): void {
    if (this.#rung.size < mostRung) this.#rung.set(keyOf(place), place);
  }

  /** Reads the comments where it was rung; what fails here the poll finds. @returns whether any was read */
  async answerRings(): Promise<boolean> {
    const { store, forge, clock } = this.#deps;
    const places = [...this.#rung.values()];
    this.#rung.clear();
    let read = false;
    for (const place of places) {
      const known = store.owner(ownerOf(place.repo));
      if (known === undefined) continue;
      const comments = await forge.comments({ ...place, since: known.cursor - overlapMs });
      if (!comments.ok) {
        log.warn("could not read comments after a webhook", { ...place, error: comments.message });
        continue;
      }
      const at = comments.at ?? clock.now();
      store.atomically(() => {
        for (const comment of comments.value) {
          noteComment({ place, comment, at, watchedSince: known.since }, { store, clock });
        }
      });
      read = true;
    }
    return read;
  }

  async #pollOwner(owner: string): Promise<Look | Failure | null> {
    const { store, forge, clock } = this.#deps;
    const known = store.owner(owner);
    const since = known === undefined ? null : known.cursor - overlapMs;
    const pulls = await forge.touchedPulls({ owner, since });
    if (!pulls.ok) return pulls;
    const at = pulls.at ?? clock.now();
    if (known === undefined || since === null) {
      // Comments written before the bridge watched this owner are no commands.
      store.watchOwner(owner, wholeSecond(at));
      log.info("watching", { owner, since: new Date(wholeSecond(at)).toISOString() });
      return null;
    }
    const cursor = Math.max(known.cursor, ...pulls.value.map((pull) => pull.updatedAt));
    const look: Look = {
      ...{ owner, cursor, failure: null, found: [], settled: [], unread: [] },
      read: new Map(),
    };
    let misses = 0;
    for (const target of this.#targets(owner, { touched: pulls.value, since })) {
      const { repo, pr, updatedAt } = target;
      const key = keyOf(target);
      const comments = await forge.comments({ repo, pr, since: target.since });
      if (comments.ok) {
        misses = 0;
        const place = { place: { repo, pr }, at: comments.at ?? at, watchedSince: known.since };
        look.found.push(...comments.value.map((comment) => ({ ...place, comment })));
        if (updatedAt !== null) look.read.set(key, { updatedAt, at: place.at });
      } else if (!isGone(comments.status)) {
        const wait = this.#places.add(key, comments, { longestMs: pauseMs.place });
        log.warn("could not read comments", { repo, pr, error: comments.message, retry_ms: wait });
        look.unread.push({ repo, pr, since: target.since, failed_at: clock.now() });
        if (++misses < mostMisses) continue;
        return { ...look, cursor: null, failure: comments };
      }
      this.#places.end(key);
      look.settled.push({ repo, pr });
    }
    return look;
  }

  /** What has to be read now: what could not be read before, and what was touched since. */
  #targets(owner: string, { touched, since }: { touched: TouchedPull[]; since: number }): Target[] {
    const targets = new Map<string, Target>();
    for (const { repo, pr, since } of this.#deps.store.unread.all()) {
      if (ownerOf(repo) === owner) targets.set(keyOf({ repo, pr }), { repo, pr, since, updatedAt: null });
    }
    for (const pull of touched) {
      const waiting = targets.get(keyOf(pull));
      if (waiting !== undefined) waiting.updatedAt = pull.updatedAt;
      else if (!this.#isRead(pull)) targets.set(keyOf(pull), { ...pull, since });
    }
    return [...targets].filter(([key]) => !this.#places.has(key)).map(([, target]) => target);
  }

  #ownerFailed(owner: string, failure: Failure): void {
    const longestMs = isUnknown(failure.status) ? pauseMs.unknown : pauseMs.owner;
    const wait = this.#owners.add(owner, failure, { longestMs });
    log.warn("could not read an owner's pull requests", { owner, error: failure.message, retry_ms: wait });
  }

  #sight(): Sight {
    const { owners } = this.#deps.enrolments();
    const failed = owners.flatMap((owner) => {
      const failure = this.#owners.failure(owner);
      return failure === null ? [] : [{ owner, failure }];
    });
    const [first] = failed;
    const unread = this.#deps.store.unread.all();
    const [place] = unread;
    const trouble = first !== undefined
      ? `Could not read the pull requests of "${first.owner}": ${first.failure.message}`
      : place !== undefined
      ? `Could not read the comments of ${keyOf(place)}: ${
        this.#places.failure(keyOf(place))?.message ?? "it is tried again"
      }`
      : null;
    return {
      failure: first !== undefined && failed.length === owners.length ? first.failure : null,
      trouble,
      problems: failed.filter(({ failure }) => isUnknown(failure.status)).map(({ owner }) =>
        ownerUnknown(owner)
      ),
    };
  }

  #isRead(pull: TouchedPull): boolean {
    const read = this.#read.get(keyOf(pull));
    return read !== undefined && read.updatedAt === pull.updatedAt && read.at - pull.updatedAt > quietMs;
  }

  /** Forgets pull requests that the search will not name again. */
  #forget(): void {
    const { store, enrolments } = this.#deps;
    const cursors = enrolments().owners.flatMap((owner) => store.owner(owner)?.cursor ?? []);
    const oldest = Math.min(...cursors);
    for (const [key, read] of this.#read) if (read.updatedAt < oldest - 2 * overlapMs) this.#read.delete(key);
  }
}

function keyOf({ repo, pr }: Place): string {
  return `${repo}#${pr}`;
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

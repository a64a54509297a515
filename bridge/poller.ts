import type { Failure } from "./answer.ts";
import type { Clock } from "../common/time.ts";
import { logger } from "../common/log.ts";
import { type Command, parseCommand } from "./command.ts";
import type { Enrolments } from "./enrolments.ts";
import type { Forge, ForgeComment, TouchedPull } from "./forge/forge.ts";
import { longestAgeMs } from "./policy.ts";
import type { CommandKind, CommandRow, NewCommand } from "./rows.ts";
import type { Store } from "./store.ts";

const log = logger("bridge", "poller");

/** The forge stamps a row before it is visible, and its search may lag: what is this recent is read again. */
const overlapMs = 120_000;
/** A pull request whose comments were read this long after its last change has nothing new to tell. */
const quietMs = 10_000;
/** Every repository is swept once in this time: well before a command it finds is too old. */
const sweepMs = 22 * 3_600_000;
/** Doors that can ring at a time; the poll finds the others. */
const mostRung = 1_000;

export interface PollerDeps {
  store: Store;
  forge: Forge;
  clock: Clock;
  enrolments(): Enrolments;
}

interface Place {
  repo: string;
  pr: number;
}

interface Found {
  place: Place;
  comment: ForgeComment;
  /** The forge's clock when it was read. */
  at: number;
}

/** What one look at an owner brought. */
interface Look {
  owner: string;
  /** Since when it is watched. */
  since: number;
  cursor: number;
  found: Found[];
  /** Pull requests whose comments were read, for {@linkcode Poller}'s memory once they are stored. */
  read: Map<string, { updatedAt: number; at: number }>;
  failure: Failure | null;
}

/**
 * Sees what people write: one search per owner, then the comments of the pull requests that were touched. The point
 * up to which everything is known is stored and moves only once that is so; comments are told apart by id, so that
 * reading one twice does no harm.
 */
export class Poller {
  readonly #deps: PollerDeps;
  /** Pull requests read lately: the change they had then, and the forge's clock. */
  readonly #read = new Map<string, { updatedAt: number; at: number }>();
  readonly #rung = new Map<string, Place>();

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  /** Looks once at every owner, then at what the sweep is due for. @returns the first failure, if any */
  async poll(): Promise<Failure | null> {
    const { store } = this.#deps;
    const looks: Look[] = [];
    const failures: Failure[] = [];
    // One owner's trouble is not another's.
    for (const owner of this.#deps.enrolments().owners) {
      const look = await this.#pollOwner(owner);
      if (look === null) continue;
      if ("ok" in look) failures.push(look);
      else looks.push(look);
    }
    // In the order in which it was written, whoever owns the repository: what was missed is caught up fairly.
    const found = looks.flatMap((look) => look.found.map((one) => ({ ...one, since: look.since })));
    found.sort((a, b) => a.comment.createdAt - b.comment.createdAt || a.comment.id - b.comment.id);
    store.atomically(() => {
      for (const one of found) this.#note(one, one.since);
      // What could not be read is found again only from where the search began.
      for (const look of looks) if (look.failure === null) store.moveCursor(look.owner, look.cursor);
    });
    // Not before: what could not be stored, as on a full disk, has to be read again.
    for (const [key, read] of looks.flatMap((look) => [...look.read])) this.#read.set(key, read);
    for (const look of looks) if (look.failure !== null) failures.push(look.failure);
    const oldest = Math.min(...looks.map((look) => look.cursor));
    if (looks.length > 0) this.#forget(oldest);
    if (failures.length === 0) await this.#sweep();
    return failures[0] ?? null;
  }

  /** Somebody is said to have written there. Known places only: the enrolled owners' repositories. */
  ring(place: Place): void {
    if (this.#rung.size < mostRung) this.#rung.set(`${place.repo}#${place.pr}`, place);
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
        for (const comment of comments.value) this.#note({ place, comment, at }, known.since);
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
    if (known === undefined) {
      // What was written before anybody watched is history.
      store.watchOwner(owner, wholeSecond(at));
      log.info("watching", { owner, since: new Date(wholeSecond(at)).toISOString() });
      return null;
    }
    const found: Found[] = [];
    const read: Look["read"] = new Map();
    let failure: Failure | null = null;
    const cursor = Math.max(known.cursor, ...pulls.value.map((pull) => pull.updatedAt));
    for (const pull of pulls.value.filter((pull) => !this.#isRead(pull))) {
      const comments = await forge.comments({ repo: pull.repo, pr: pull.pr, since });
      if (!comments.ok) {
        if (comments.status === 404) continue; // deleted since the search
        failure ??= comments;
        log.warn("could not read comments", { repo: pull.repo, pr: pull.pr, error: comments.message });
        continue;
      }
      const readAt = comments.at ?? at;
      for (const comment of comments.value) found.push({ place: pull, comment, at: readAt });
      read.set(`${pull.repo}#${pull.pr}`, { updatedAt: pull.updatedAt, at: readAt });
    }
    return { owner, since: known.since, cursor, found, read, failure };
  }

  /**
   * Reads every enrolled repository's comments once in a while, one repository at a time and evenly spread: a search that
   * lags, or a pull request whose date was set back, hides nothing for longer.
   */
  async #sweep(): Promise<void> {
    const { store, forge, clock } = this.#deps;
    const now = clock.now();
    const repos = [...this.#deps.enrolments().recipes.keys()];
    if (repos.length === 0 || now - store.lastSweepAt() < sweepMs / repos.length) return;
    const [repo] = repos.toSorted((a, b) => store.sweptAt(a) - store.sweptAt(b));
    const known = repo === undefined ? undefined : store.owner(ownerOf(repo));
    if (repo === undefined || known === undefined) return;
    const comments = await forge.repoComments({ repo, since: now - longestAgeMs - overlapMs });
    if (comments.ok) {
      store.atomically(() => {
        for (const comment of comments.value) {
          this.#note({ place: comment, comment, at: comments.at ?? now }, known.since);
        }
      });
    } else log.warn("could not sweep", { repo, error: comments.message });
    store.swept(repo, now);
  }

  #isRead(pull: TouchedPull): boolean {
    const read = this.#read.get(`${pull.repo}#${pull.pr}`);
    return read !== undefined && read.updatedAt === pull.updatedAt && read.at - pull.updatedAt > quietMs;
  }

  #note({ place, comment, at }: Found, watchedSince: number): void {
    const { store, clock } = this.#deps;
    const known = store.command(comment.id);
    if (known !== undefined && !asksNothing(known)) return;
    const command = parseCommand(comment.body);
    const edited = known !== undefined || comment.updatedAt !== comment.createdAt;
    const kind = kindOf(command, { edited });
    if (known !== undefined && kind !== "edited") return;
    const reason = this.#whyNot(comment, { kind, at, watchedSince });
    const row: NewCommand = {
      comment: comment.id,
      repo: place.repo,
      pr: place.pr,
      user_id: comment.userId,
      login: comment.login,
      written_at: comment.createdAt,
      kind,
      argument: command?.kind === "test" && kind === "test" ? command.sha : null,
      state: reason === null ? "seen" : "ignored",
      reason,
      seen_at: clock.now(),
    };
    store.addCommand(row);
    if (kind !== "none") {
      const facts = { comment: comment.id, repo: place.repo, pr: place.pr, by: comment.login, kind };
      log.info(reason === null ? "seen" : "ignored", reason === null ? facts : { ...facts, reason });
    }
  }

  /** Why a comment is no command, whatever it says; `null` for one that has to be decided on. */
  #whyNot(
    comment: ForgeComment,
    { kind, at, watchedSince }: { kind: CommandKind; at: number; watchedSince: number },
  ): string | null {
    if (kind === "none") return "no command";
    if (comment.userId === this.#deps.store.ownId || comment.userId <= 0) return "by a bot";
    const said = kind === "edited" ? comment.updatedAt : comment.createdAt;
    if (at - said > longestAgeMs) return "too old";
    if (said < watchedSince) return "before we watched";
    return null;
  }

  #forget(cursor: number): void {
    for (const [key, read] of this.#read) if (read.updatedAt < cursor - 2 * overlapMs) this.#read.delete(key);
  }
}

/** Whether a comment was read before and no command then. */
function asksNothing({ kind }: CommandRow): boolean {
  return kind === "none" || kind === "unclear";
}

function kindOf(command: Command | null, { edited }: { edited: boolean }): CommandKind {
  if (command === null) return "none";
  if (!edited) return command.kind;
  return command.kind === "test" || command.kind === "cancel" ? "edited" : "none";
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** Owner of a repository, in lower case. */
export function ownerOf(repo: string): string {
  return repo.slice(0, repo.indexOf("/")).toLowerCase();
}

import type { Failure } from "./answer.ts";
import type { Clock } from "../common/time.ts";
import { logger } from "../common/log.ts";
import { parseCommand } from "./command.ts";
import type { Enrolments } from "./enrolments.ts";
import type { Forge, ForgeComment, TouchedPull } from "./forge/forge.ts";
import { longestAgeMs } from "./policy.ts";
import type { CommandKind, NewCommand } from "./rows.ts";
import type { Store } from "./store.ts";

const log = logger("bridge", "poller");

/** The forge stamps a row before it is visible, and its search may lag: what is this recent is read again. */
const overlapMs = 120_000;
/** A pull request whose comments were read this long after its last change has nothing new to tell. */
const quietMs = 10_000;

export interface PollerDeps {
  store: Store;
  forge: Forge;
  clock: Clock;
  enrolments(): Enrolments;
}

interface Found {
  pull: TouchedPull;
  comment: ForgeComment;
  /** The forge's clock when it was read. */
  at: number;
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

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  /** Looks once at every owner. @returns the first failure, or `null` when everything could be read */
  async poll(): Promise<Failure | null> {
    let failure: Failure | null = null;
    for (const owner of this.#deps.enrolments().owners) failure ??= await this.#pollOwner(owner);
    return failure;
  }

  async #pollOwner(owner: string): Promise<Failure | null> {
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
      for (const comment of comments.value) found.push({ pull, comment, at: readAt });
      this.#read.set(`${pull.repo}#${pull.pr}`, { updatedAt: pull.updatedAt, at: readAt });
    }
    found.sort((a, b) => a.comment.createdAt - b.comment.createdAt || a.comment.id - b.comment.id);
    store.atomically(() => {
      for (const one of found) this.#note(one, known.since);
      // What could not be read is found again only from where the search began.
      if (failure === null) store.moveCursor(owner, cursor);
    });
    this.#forget(cursor);
    return failure;
  }

  #isRead(pull: TouchedPull): boolean {
    const read = this.#read.get(`${pull.repo}#${pull.pr}`);
    return read !== undefined && read.updatedAt === pull.updatedAt && read.at - pull.updatedAt > quietMs;
  }

  #note({ pull, comment, at }: Found, watchedSince: number): void {
    const { store, clock } = this.#deps;
    if (store.knowsComment(comment.id)) return;
    const command = parseCommand(comment.body);
    const kind: CommandKind = command?.kind ?? "none";
    const reason = this.#whyNot(comment, { kind, at, watchedSince });
    const row: NewCommand = {
      comment: comment.id,
      repo: pull.repo,
      pr: pull.pr,
      user_id: comment.userId,
      login: comment.login,
      written_at: comment.createdAt,
      kind,
      argument: command?.kind === "test" ? command.sha : null,
      state: reason === null ? "seen" : "ignored",
      reason,
      seen_at: clock.now(),
    };
    store.addCommand(row);
    if (kind !== "none") {
      const facts = { comment: comment.id, repo: pull.repo, pr: pull.pr, by: comment.login, kind };
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
    // The forge shows the first author after an edit by anybody who may edit.
    if (comment.updatedAt !== comment.createdAt) return "edited";
    if (at - comment.createdAt > longestAgeMs) return "too old";
    if (comment.createdAt < watchedSince) return "before we watched";
    return null;
  }

  #forget(cursor: number): void {
    for (const [key, read] of this.#read) if (read.updatedAt < cursor - 2 * overlapMs) this.#read.delete(key);
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

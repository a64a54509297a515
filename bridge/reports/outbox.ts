import { backoffMs, type Failure, isUnsure, lateMs } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import { type Forge, isMoved } from "../forge/forge.ts";
import type { Post } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "outbox");

/** A running comment changes at most this often; every edit is a row in the forge's history. */
const betweenEditsMs = 3_000;
/** Answers in a row until we believe that there is nothing to write on: a forge may just have been restored. */
const goneTries = 8;
/** Answers in a row until we believe that we may not write there. */
const refusedTries = 3;
/** How far the forge's clock may be from ours. */
export const clockSkewMs = 15 * 60_000;

export interface OutboxDeps {
  store: Store;
  forge: Forge;
  clock: Clock;
}

/**
 * Brings the comments on the forge to the texts wanted. A comment is created once: that a POST may have happened is
 * stored before it is sent, and after that the comment is looked for, by its marker and our own account, before
 * anything is posted again. A call may be carried out some time after we, or the process before us, stopped listening:
 * until when is stored as well. So long no second POST is sent, and after it an edit is made once more.
 */
export class Outbox {
  readonly #deps: OutboxDeps;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Delivers what is due. @returns whether the forge took anything */
  async deliver(): Promise<boolean> {
    const { store, forge, clock } = this.#deps;
    let delivered = false;
    store.doubtPosts(clock.now());
    for (const post of store.duePosts(clock.now())) {
      if (forge.pausedMs(post) > 0) continue;
      if (await this.#deliverOne(post)) delivered = true;
    }
    return delivered;
  }

  async #deliverOne(post: Post): Promise<boolean> {
    if (post.id !== null) return await this.#edit(post, post.id);
    if (post.attempted === 1) {
      const found = await this.#find(post);
      if (found === "unknown") return false;
      if (found !== null) {
        log.info("found a comment of ours again", { post: post.key, comment: found });
        this.#deps.store.changePost(post.key, { id: found, unsure_until: 0 });
        return await this.#edit({ ...post, unsure_until: 0 }, found);
      }
    }
    return await this.#create(post);
  }

  async #create(post: Post): Promise<boolean> {
    const { store, forge, clock } = this.#deps;
    store.changePost(post.key, { attempted: 1, unsure_until: clock.now() + lateMs });
    const body = textOf(post);
    const answer = await forge.createComment({ repo: post.repo, pr: post.pr, body });
    if (!answer.ok) return this.#failed(post, { failure: answer, sent: true });
    store.atomically(() => {
      store.ownId = answer.value.userId;
      store.changePost(post.key, {
        ...{ id: answer.value.id, ...this.#delivered(post) },
        ...{ not_before: 0, unsure_until: 0 },
      });
    });
    log.info("commented", { post: post.key, repo: post.repo, pr: post.pr, comment: answer.value.id });
    return true;
  }

  async #edit(post: Post, id: number): Promise<boolean> {
    const { store, forge, clock } = this.#deps;
    store.changePost(post.key, { unsure_until: clock.now() + lateMs });
    const answer = await forge.editComment({ repo: post.repo, id, body: textOf(post) });
    if (answer.ok) {
      store.changePost(post.key, { ...this.#delivered(post), unsure_until: post.unsure_until });
      log.debug("edited", { post: post.key, comment: id });
      return true;
    }
    if (answer.status === 404 && post.recreated === 0) {
      // Somebody deleted it. The verdict should still be read: it is written anew, once.
      store.changePost(post.key, { id: null, attempted: 1, recreated: 1, unsure_until: 0 });
      return false;
    }
    return this.#failed(post, { failure: answer, sent: true });
  }

  /** The id of our comment with this marker; `null` if there is none; the eldest if a reply quotes it. */
  async #find(post: Post): Promise<number | null | "unknown"> {
    const { store, forge } = this.#deps;
    const answer = await forge.comments({
      repo: post.repo,
      pr: post.pr,
      since: post.planned_at - clockSkewMs,
    });
    if (!answer.ok) {
      this.#failed(post, { failure: answer, sent: false });
      return "unknown";
    }
    const own = store.ownId;
    // At its end, where we write it: above it a log may show any text, markers included.
    const marked = answer.value.filter((comment) =>
      comment.body.trimEnd().endsWith(hidden(post.marker)) && (own === null || comment.userId === own)
    );
    return marked.length === 0 ? null : Math.min(...marked.map((comment) => comment.id));
  }

  #delivered(post: Post): Partial<Post> {
    const now = this.#deps.clock.now();
    const not_before = now + betweenEditsMs;
    return { delivered: post.body, delivered_at: now, tries: 0, not_before, error: null };
  }

  /** @param options.sent whether it was a text that could not be brought, and not a look that could not be had */
  #failed(post: Post, { failure, sent }: { failure: Failure; sent: boolean }): false {
    const { store, clock } = this.#deps;
    const now = clock.now();
    const tries = post.tries + 1;
    const dead = tries >= mostTries(failure) ? 1 : 0;
    const wait = failure.retryAfterMs ?? backoffMs(tries);
    const unsure_until = sent && isUnsure(failure) ? now + lateMs : post.unsure_until;
    store.changePost(post.key, {
      ...{ tries, dead, unsure_until },
      ...{ not_before: now + wait, error: failure.message },
    });
    const facts = {
      post: post.key,
      repo: post.repo,
      pr: post.pr,
      status: failure.status,
      error: failure.message,
    };
    if (dead === 1) log.error("gave up on a comment the forge does not take", facts);
    else log.warn("could not deliver a comment yet", { ...facts, retry_ms: wait });
    return false;
  }
}

/**
 * How often it is tried after such an answer: where it is locked, archived, blocked, forbidden by law or gone, more does
 * not help. A token that was withdrawn is replaced some day, and what comes too often or too early may come later.
 */
function mostTries({ status }: Failure): number {
  if (status === 404 || status === 410) return goneTries;
  const mayPass = status < 400 || status >= 500 || [401, 408, 425, 429].includes(status);
  return isMoved(status) || !mayPass ? refusedTries : Infinity;
}

/** The text as it is sent. */
export function textOf(post: Pick<Post, "body" | "marker">): string {
  return `${post.body}\n\n${hidden(post.marker)}`;
}

function hidden(marker: string): string {
  return `<!-- cc-ci:${marker} -->`;
}

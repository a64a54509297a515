import type { Answer } from "../../common/answer.ts";
import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import type { Forge, ForgeComment } from "../forge/forge.ts";
import { clockSkewMs, textOf } from "./outbox.ts";
import type { Post } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

const log = logger("bridge", "guard");

/** The bridge watches over the text of its comments for this long after it planned them. */
const guardedMs = 14 * 24 * 3_600_000;
/** The bridge puts a comment right so many times, and then leaves it alone: whoever may edit it may also lock us out. */
const mostRepairs = 3;

/**
 * The forge for whoever reads what people write. Whenever comments are listed, our verdicts among them are compared
 * with what they should be, and the outbox is told of those that somebody edited: whoever may edit comments must not
 * make up a verdict. One that somebody deleted stays deleted: that makes nothing up, and is how a text is taken out for
 * good. For this the lists go back further than was asked for. That costs no further call, except for a page now and
 * then in the sweep of a repository where people write much. What is handed on does not go back further.
 */
export function guarded(forge: Forge, deps: { store: Store; clock: Clock }): Forge {
  return {
    ...forge,
    comments: (query) => look(query, { ...deps, read: (since) => forge.comments({ ...query, since }) }),
    repoComments: (query) =>
      look(query, {
        ...deps,
        read: (since) => forge.repoComments({ ...query, since: since ?? query.since }),
      }),
  };
}

interface LookDeps<C> {
  store: Store;
  clock: Clock;
  read(since: number | null): Promise<Answer<C[]>>;
}

/** @param query.pr a single pull request. @default all of the repository's */
async function look<C extends ForgeComment>(
  query: { repo: string; pr?: number; since: number | null },
  { store, clock, read }: LookDeps<C>,
): Promise<Answer<C[]>> {
  const { since } = query;
  const own = () =>
    store.deliveredVerdicts(query, clock.now() - guardedMs).filter(({ repairs }) => repairs <= mostRepairs);
  const before = new Map(own().map((post) => [post.key, post]));
  const eldest = Math.min(...[...before.values()].map((post) => post.planned_at - clockSkewMs));
  const further = since !== null && eldest < since;
  const answer = await read(further ? eldest : since);
  // A forge that cannot give so long a list may still give the one that was asked for, and people must be heard.
  if (!answer.ok) return further ? await read(since) : answer;
  const texts = new Map(answer.value.map((comment) => [comment.id, comment.body]));
  for (const post of own()) {
    // What was written meanwhile the list may have or not.
    if (post.id === null || before.get(post.key)?.delivered_at !== post.delivered_at) continue;
    const text = texts.get(post.id);
    if (text !== undefined && !isSame(text, textOf(post))) putRight(post, { store, clock });
  }
  const asked = since === null ? -Infinity : Math.floor(since / 1000) * 1000;
  return { ...answer, value: answer.value.filter((comment) => comment.updatedAt >= asked) };
}

/** A forge may store line ends, and blanks before them, in its own way. */
function isSame(one: string, other: string): boolean {
  const plain = (text: string) => text.replace(/[^\S\n]*\n/g, "\n").trim();
  return plain(one) === plain(other);
}

/** The forge's text is not known any more: the outbox then writes the one wanted. */
function putRight(post: Post, { store, clock }: { store: Store; clock: Clock }): void {
  const facts = { post: post.key, repo: post.repo, pr: post.pr, comment: post.id };
  if (post.repairs === mostRepairs) {
    store.changePost(post.key, { repairs: mostRepairs + 1 });
    return log.error("leaving a verdict as somebody else wants it", facts);
  }
  log.warn("putting a verdict right", facts);
  store.changePost(post.key, { delivered: null, wanted_at: clock.now(), repairs: post.repairs + 1 });
}

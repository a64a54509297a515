import * as z from "zod";
import { CcciError } from "../../common/errors.ts";
import { type Clock, systemClock, waitFor } from "../../common/time.ts";

/** The forge did not do what the demo asked of it. */
export class ForgeCallError extends CcciError {
  readonly status: number;
  constructor(what: string, status: number, body: string) {
    super("demo.forge", `Could not ${what}: the forge answered ${status} ${body.slice(0, 300)}`);
    this.status = status;
  }
}

const commentShape = z.object({
  id: z.number(),
  body: z.string(),
  html_url: z.string(),
  user: z.object({ login: z.string() }),
});
export type Comment = z.infer<typeof commentShape>;

export interface PullRequestOptions {
  /** Base URL of the forge. */
  forge: string;
  fetch: typeof fetch;
  /** Token of the account that speaks. */
  token: string;
}

/** Calls one API path as one account; anything but the wanted status is an error that quotes the forge. */
export async function forgeCall<T extends z.ZodType>(
  options: PullRequestOptions,
  call: { what: string; method?: string; path: string; body?: unknown; status: number; shape: T },
): Promise<z.infer<T>> {
  const response = await options.fetch(`${options.forge}/api/v1${call.path}`, {
    method: call.method ?? "GET",
    headers: { authorization: `token ${options.token}`, "content-type": "application/json" },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  const text = await response.text();
  if (response.status !== call.status) throw new ForgeCallError(call.what, response.status, text);
  return call.shape.parse(text === "" ? null : JSON.parse(text));
}

/** One pull request and what its people say on it. */
export class PullRequest {
  readonly number: number;
  readonly url: string;
  readonly #repo: string;
  readonly #options: PullRequestOptions;

  private constructor(
    repo: string,
    created: { number: number; html_url: string },
    options: PullRequestOptions,
  ) {
    this.number = created.number;
    this.url = created.html_url;
    this.#repo = repo;
    this.#options = options;
  }

  /** Opens a pull request from a branch of the same repository (or `user:branch` of a fork) onto `main`. */
  static async open(
    repo: string,
    request: { title: string; body: string; head: string },
    options: PullRequestOptions,
  ) {
    const created = await forgeCall(options, {
      what: `open a pull request on "${repo}"`,
      method: "POST",
      path: `/repos/${repo}/pulls`,
      body: { ...request, base: "main" },
      status: 201,
      shape: z.object({ number: z.number(), html_url: z.string() }),
    });
    return new PullRequest(repo, created, options);
  }

  /** Writes a comment, as the account given or the one that opened the pull request. */
  comment(text: string, token = this.#options.token): Promise<Comment> {
    return forgeCall({ ...this.#options, token }, {
      what: `comment on ${this.url}`,
      method: "POST",
      path: `/repos/${this.#repo}/issues/${this.number}/comments`,
      body: { body: text },
      status: 201,
      shape: commentShape,
    });
  }

  /** Changes a comment's text. */
  edit(id: number, text: string): Promise<Comment> {
    return forgeCall(this.#options, {
      what: `edit a comment on ${this.url}`,
      method: "PATCH",
      path: `/repos/${this.#repo}/issues/comments/${id}`,
      body: { body: text },
      status: 200,
      shape: commentShape,
    });
  }

  /** All comments, oldest first. */
  comments(): Promise<Comment[]> {
    return forgeCall(this.#options, {
      what: `read the comments of ${this.url}`,
      path: `/repos/${this.#repo}/issues/${this.number}/comments`,
      status: 200,
      shape: z.array(commentShape),
    });
  }

  /** The bot's comments, oldest first. */
  async replies(bot: string): Promise<Comment[]> {
    return (await this.comments()).filter((comment) => comment.user.login === bot);
  }

  /** Waits until a reply of the bot satisfies `look`, and returns it. */
  waitForReply(
    bot: string,
    look: (body: string, all: Comment[]) => boolean,
    options: { what: string; timeoutMs: number; clock?: Clock },
  ): Promise<Comment> {
    return waitFor(async () => {
      const replies = await this.replies(bot);
      return replies.find((reply) => look(reply.body, replies));
    }, { ...options, everyMs: 500, clock: options.clock ?? systemClock });
  }
}

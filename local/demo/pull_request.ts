import * as z from "zod";
import { systemClock, waitFor } from "../../common/time.ts";
import { type RunOutcome, runOutcome } from "../../protocol/result.ts";
import { emojiOf, runLooks } from "../../wording/outcomes.ts";
import type { Account } from "../host/accounts.ts";
import { expectStatus, forgeApi, type ForgeCall } from "../gitea/api.ts";
import type { Stack } from "../stack/stack.ts";

const createdShape = z.object({ number: z.number(), html_url: z.string() });
const timelineShape = z.array(z.object({ type: z.string(), created_at: z.string() }));
const commentShape = z.object({
  id: z.number(),
  body: z.string(),
  html_url: z.string(),
  user: z.object({ login: z.string() }),
});
export type Comment = z.infer<typeof commentShape>;

/** The first line of a comment that a reader sees: its verdict, or what goes on. */
export function headline(body: string): string {
  return body.replaceAll(/<!--.*?-->/gs, "").trim().split("\n")[0] ?? "";
}

/** Whether a run's comment says that the run ended this way. */
export function showsOutcome(body: string, outcome: RunOutcome): boolean {
  return headline(body).includes(emojiOf(runLooks[outcome]));
}

/** Whether a run's comment has come to its end, well or badly. */
export function isVerdict(body: string): boolean {
  return runOutcome.options.some((outcome) => showsOutcome(body, outcome));
}

/** One pull request on the local forge, and what its people say on it. */
export class PullRequest {
  readonly number: number;
  readonly url: string;
  readonly #repo: string;
  readonly #stack: Stack;
  readonly #maintainer: ForgeCall;

  private constructor(repo: string, created: z.infer<typeof createdShape>, stack: Stack) {
    this.number = created.number;
    this.url = created.html_url;
    this.#repo = repo;
    this.#stack = stack;
    this.#maintainer = forgeApi(stack.gateway, stack.accounts.maintainer);
  }

  /** Opened by the maintainer, from a branch of the same repository onto `main`. */
  static async open(
    repo: string,
    { stack, ...request }: { stack: Stack; title: string; body: string; head: string },
  ): Promise<PullRequest> {
    const call = forgeApi(stack.gateway, stack.accounts.maintainer);
    const branch = `/repos/${repo}/branches/${encodeURIComponent(request.head)}`;
    // The forge's web pages learn of a push a little after git has been told that it succeeded.
    await waitFor(async () => (await call("GET", branch)).status === 200, {
      what: `branch "${request.head}" to show on the forge`,
      timeoutMs: 60_000,
    });
    const answer = await call("POST", `/repos/${repo}/pulls`, { ...request, base: "main" });
    const created = expectStatus(answer, `open a pull request on "${repo}"`, 201);
    const pull = new PullRequest(repo, createdShape.parse(created), stack);
    // A comment written before the forge has noted the push could be about what was there before it.
    const timeline = `/repos/${repo}/issues/${pull.number}/timeline`;
    await waitFor(async () => {
      const { body } = await call("GET", timeline);
      const pushes = timelineShape.safeParse(body).data?.filter(({ type }) => type === "pull_push") ?? [];
      return pushes.some((push) => Math.floor(systemClock.now() / 1000) > Date.parse(push.created_at) / 1000);
    }, { what: `the push of ${pull.url} to be noted`, timeoutMs: 60_000 });
    return pull;
  }

  /** Writes a comment. */
  async comment(text: string, author: Account = this.#stack.accounts.maintainer): Promise<Comment> {
    const path = `/repos/${this.#repo}/issues/${this.number}/comments`;
    const answer = await forgeApi(this.#stack.gateway, author)("POST", path, { body: text });
    return commentShape.parse(expectStatus(answer, `comment on ${this.url}`, 201));
  }

  /** Changes the text of one of the maintainer's comments. */
  async edit(id: number, text: string): Promise<void> {
    const path = `/repos/${this.#repo}/issues/comments/${id}`;
    expectStatus(await this.#maintainer("PATCH", path, { body: text }), `edit a comment on ${this.url}`, 200);
  }

  /** The bot's comments, oldest first. */
  async replies(): Promise<Comment[]> {
    const path = `/repos/${this.#repo}/issues/${this.number}/comments`;
    const comments = expectStatus(
      await this.#maintainer("GET", path),
      `read the comments of ${this.url}`,
      200,
    );
    const bot = this.#stack.accounts.bot.name;
    return z.array(commentShape).parse(comments).filter((comment) => comment.user.login === bot);
  }

  /**
   * Waits until a reply of the bot satisfies `look`.
   * @param look gets each reply and all of them, oldest first
   */
  waitForReply(
    look: (reply: Comment, all: Comment[]) => boolean,
    options: { what: string; timeoutMs: number; everyMs?: number },
  ): Promise<Comment> {
    return waitFor(async () => {
      const replies = await this.replies();
      return replies.find((reply) => look(reply, replies));
    }, { everyMs: 500, ...options, clock: systemClock });
  }
}

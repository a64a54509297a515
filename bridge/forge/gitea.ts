import { Octokit } from "@octokit/rest";
import * as z from "zod";
import { type Answer, retryAfter } from "../answer.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import type { Forge, ForgeComment, Push, TouchedPull } from "./forge.ts";

export interface GiteaOptions {
  /** Address of the forge without `/api/v1`. */
  url: string;
  token: string;
  fetch: typeof fetch;
  clock?: Clock;
}

const pageSize = 50; // the server's own maximum; more is silently cut
const maxPages = 40;
const readTries = 3;

const instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) context.addIssue({ code: "custom", message: "not a time" });
  return ms;
});
const user = z.object({ id: z.number().int(), login: z.string() });
const commitId = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);

const searchPage = z.array(z.object({
  number: z.number().int(),
  updated_at: instant,
  repository: z.object({ full_name: z.string() }),
})).nullable();
const comment = z.object({
  id: z.number().int(),
  user,
  body: z.string(),
  created_at: instant,
  updated_at: instant,
});
const commentList = z.array(comment).nullable();
const repoCommentList = z.array(comment.extend({ pull_request_url: z.string() })).nullable();
const pullAnswer = z.object({
  state: z.string(),
  title: z.string(),
  html_url: z.string(),
  created_at: instant,
  head: z.object({ sha: commitId }),
});
const timelineList = z.array(
  z.object({ type: z.string(), created_at: instant, body: z.string().nullable() }),
).nullable();
const pushBody = z.object({ is_force_push: z.boolean(), commit_ids: z.array(commitId).nullable() });
const memberPage = z.array(user.extend({ active: z.boolean().optional() })).nullable();
const createdComment = z.object({ id: z.number().int(), user });

type Parameters = Record<string, unknown>;

interface Expected<T> {
  statuses: readonly number[];
  schema: z.ZodType<T>;
}

/**
 * Gitea (and Forgejo) through Octokit. Where the two differ from GitHub, this file knows it: pages are asked for
 * with `page` and `limit` and walked until a short one, because comment lists carry no `Link`; `null` stands for an
 * empty list; and a POST to a renamed repository answers 200 with a list and posts nothing, so that only 201 counts.
 */
export function giteaForge(options: GiteaOptions): Forge {
  const clock = options.clock ?? systemClock;
  const octokit = new Octokit({
    baseUrl: `${options.url.replace(/\/+$/, "")}/api/v1`,
    auth: options.token,
    userAgent: "cc-ci",
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: { fetch: options.fetch, redirect: "manual" },
  });

  async function call<T>(route: string, parameters: Parameters, expected: Expected<T>): Promise<Answer<T>> {
    try {
      const response: { status: number; data: unknown; headers: Record<string, unknown> } = await octokit
        .request(
          route,
          parameters,
        );
      const date = Date.parse(String(response.headers.date ?? ""));
      if (!expected.statuses.includes(response.status)) {
        return failure(response.status, `Unexpected status ${response.status} for ${route}`);
      }
      const parsed = expected.schema.safeParse(response.data);
      if (!parsed.success) return failure(response.status, `Unexpected answer to ${route}`);
      return { ok: true, value: parsed.data, at: Number.isNaN(date) ? null : date };
    } catch (error) {
      const answered = httpError.safeParse(error);
      if (!answered.success) return failure(0, `No answer to ${route}: ${message(error)}`);
      const after = retryAfter(answered.data.response.headers["retry-after"], clock.now());
      return { ...failure(answered.data.status, `${route}: ${message(error)}`), retryAfterMs: after };
    }
  }

  /** Only reads are repeated: nobody knows whether a write without an answer was carried out. */
  async function read<T>(route: string, parameters: Parameters, schema: z.ZodType<T>): Promise<Answer<T>> {
    for (let attempt = 1;; attempt++) {
      const answer = await call(route, parameters, { statuses: [200], schema });
      const passing = !answer.ok && (answer.status === 0 || answer.status >= 500) &&
        answer.retryAfterMs === null;
      if (!passing || attempt === readTries) return answer;
      await clock.sleep(150 * attempt);
    }
  }

  async function readPages<T>(
    route: string,
    parameters: Parameters,
    schema: z.ZodType<T[] | null>,
    lastPage: "short" | "empty" = "short",
  ): Promise<Answer<T[]>> {
    const all: T[] = [];
    let at: number | null = null;
    for (let page = 1; page <= maxPages; page++) {
      const answer = await read(route, { ...parameters, page, limit: pageSize }, schema);
      if (!answer.ok) return answer;
      at ??= answer.at;
      const found = answer.value ?? [];
      all.push(...found);
      if (found.length < (lastPage === "short" ? pageSize : 1)) break;
    }
    return { ok: true, value: all, at };
  }

  return {
    async version() {
      const answer = await read("GET /version", {}, z.object({ version: z.string() }));
      return answer.ok ? { ...answer, value: answer.value.version } : answer;
    },

    async touchedPulls({ owner, since }) {
      const query = { type: "pulls", state: "open", owner };
      const route = "GET /repos/issues/search";
      const answer = since === null
        ? await read(route, { ...query, page: 1, limit: 1 }, searchPage)
        : await readPages(route, { ...query, since: rfc3339(since) }, searchPage);
      if (!answer.ok) return answer;
      const value: TouchedPull[] = (answer.value ?? []).map((found) => ({
        repo: found.repository.full_name,
        pr: found.number,
        updatedAt: found.updated_at,
      }));
      return { ...answer, value };
    },

    async comments({ repo, pr, since }) {
      const answer = await read("GET /repos/{owner}/{name}/issues/{pr}/comments", {
        ...split(repo),
        pr,
        ...(since === null ? {} : { since: rfc3339(since) }),
      }, commentList);
      if (!answer.ok) return answer;
      return { ...answer, value: (answer.value ?? []).map(toComment) };
    },

    async repoComments({ repo, since }) {
      const answer = await readPages("GET /repos/{owner}/{name}/issues/comments", {
        ...split(repo),
        since: rfc3339(since),
      }, repoCommentList);
      if (!answer.ok) return answer;
      const value = answer.value.flatMap((one) => {
        // The address of the page, empty for an issue's comment: the only thing that tells the two apart.
        const [, repo, pr] = /([^/]+\/[^/]+)\/pulls\/([1-9][0-9]*)$/.exec(one.pull_request_url) ?? [];
        return repo === undefined ? [] : [{ ...toComment(one), repo, pr: Number(pr) }];
      });
      return { ...answer, value };
    },

    async pull({ repo, pr }) {
      const answer = await read("GET /repos/{owner}/{name}/pulls/{pr}", { ...split(repo), pr }, pullAnswer);
      if (!answer.ok) return answer;
      const { state, title, html_url, created_at, head } = answer.value;
      const value = { open: state === "open", head: head.sha, title, link: html_url, createdAt: created_at };
      return { ...answer, value };
    },

    async pushes({ repo, pr }) {
      // Entries are left out of a page after it was cut, so that a short page need not be the last.
      const route = "GET /repos/{owner}/{name}/issues/{pr}/timeline";
      const answer = await readPages(route, { ...split(repo), pr }, timelineList, "empty");
      if (!answer.ok) return answer.status === 404 ? { ok: true, value: null, at: null } : answer;
      return { ...answer, value: answer.value.filter((entry) => entry.type === "pull_push").map(toPush) };
    },

    async isMember({ org, login }) {
      const route = "GET /orgs/{org}/members/{login}";
      const answer = await call(route, { org, login }, { statuses: [204], schema: z.unknown() });
      if (answer.ok) return { ok: true, value: true, at: answer.at };
      return answer.status === 404 ? { ok: true, value: false, at: null } : answer;
    },

    async whoAmI({ org }) {
      const answer = await readPages("GET /orgs/{org}/members", { org }, memberPage);
      if (!answer.ok) return answer;
      // Without the scope for `GET /user`: private fields such as `active` are filled in for the caller alone.
      const own = answer.value.filter((member) => member.active === true);
      const [me] = own;
      return {
        ...answer,
        value: me !== undefined && own.length === 1 ? { id: me.id, login: me.login } : null,
      };
    },

    async createComment({ repo, pr, body }) {
      const answer = await call("POST /repos/{owner}/{name}/issues/{pr}/comments", {
        ...split(repo),
        pr,
        body,
      }, {
        statuses: [201],
        schema: createdComment,
      });
      return answer.ok ? { ...answer, value: { id: answer.value.id, userId: answer.value.user.id } } : answer;
    },

    async editComment({ repo, id, body }) {
      const route = "PATCH /repos/{owner}/{name}/issues/comments/{id}";
      const answer = await call(route, { ...split(repo), id, body }, {
        statuses: [200],
        schema: createdComment,
      });
      return answer.ok ? { ...answer, value: null } : answer;
    },

    async acknowledge({ repo, id }) {
      const answer = await call("POST /repos/{owner}/{name}/issues/comments/{id}/reactions", {
        ...split(repo),
        id,
        content: "eyes",
      }, { statuses: [200, 201], schema: z.unknown() });
      return answer.ok ? { ...answer, value: null } : answer;
    },
  };
}

/** Octokit's error for an answered request. One without `response` is a failed connection (its status says 500). */
const httpError = z.object({
  status: z.number(),
  response: z.object({ headers: z.record(z.string(), z.string().optional().catch(undefined)) }),
});

function toComment(one: z.infer<typeof comment>): ForgeComment {
  return {
    id: one.id,
    userId: one.user.id,
    login: one.user.login,
    body: one.body,
    createdAt: one.created_at,
    updatedAt: one.updated_at,
  };
}

/** A timeline entry's body is JSON: the commits oldest first, or for a force push the old and the new head. */
function toPush(entry: { created_at: number; body: string | null }): Push {
  let raw: unknown = null;
  try {
    raw = JSON.parse(entry.body ?? "");
  } catch { /* a push of unknown content still has its time */ }
  const parsed = pushBody.safeParse(raw);
  const commits = parsed.success ? parsed.data.commit_ids ?? [] : [];
  const forced = parsed.success && parsed.data.is_force_push;
  const before = forced ? commits.at(0) ?? null : null;
  return { head: commits.at(-1) ?? null, before, forced, at: entry.created_at };
}

function failure(status: number, text: string) {
  return { ok: false as const, status, message: text, retryAfterMs: null };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : String(error);
}

function split(repo: string): { owner: string; name: string } {
  const [owner = "", name = ""] = repo.split("/");
  return { owner, name };
}

/** Whole seconds in UTC: an offset's `+` would arrive as a space. */
function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

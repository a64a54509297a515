import * as z from "zod";
import { commitId } from "../../protocol/params.ts";
import type { Answer } from "../../common/answer.ts";
import type { Forge, ForgeComment, Pull, Push, Repository, TouchedPull } from "./forge.ts";
import { giteaClient, type GiteaOptions, instant, rfc3339, split } from "./gitea_client.ts";
import { listReader, tooLong } from "./lists.ts";

const user = z.object({ id: z.number().int(), login: z.string() });

const foundPull = z.object({
  number: z.number().int().positive(),
  updated_at: instant,
  repository: z.object({ full_name: z.string() }),
});
const comment = z.object({
  id: z.number().int(),
  user,
  body: z.string(),
  created_at: instant,
  updated_at: instant,
});
const repoComment = comment.extend({ pull_request_url: z.string() });
const pullAnswer = z.object({
  state: z.string(),
  merged: z.boolean().default(false),
  title: z.string(),
  html_url: z.string(),
  created_at: instant,
  head: z.object({ sha: commitId, repo: z.unknown().optional() }),
});
const repository = z.object({
  full_name: z.string(),
  owner: z.object({ id: z.number().int() }),
  default_branch: z.string(),
  updated_at: instant,
  empty: z.boolean().default(false),
  archived: z.boolean().default(false),
});
const branchAnswer = z.object({ commit: z.object({ id: commitId }) });
/** The timeline has entries of many kinds, and newer forges have more: of the others no more than the kind is read. */
const timelineEntry = z.union([
  z.object({ type: z.literal("pull_push"), created_at: instant, body: z.string().nullable() }),
  z.object({ type: z.string().refine((type) => type !== "pull_push") }),
]);
const pushBody = z.object({ is_force_push: z.boolean(), commit_ids: z.array(commitId).nullable() });
const member = user.extend({ active: z.boolean().optional() });
const createdComment = z.object({ id: z.number().int(), user });

/**
 * Gitea (and Forgejo). Where the two differ from GitHub, this file knows it: `null` stands for an empty list, and a
 * POST to a renamed repository answers 200 with a list and posts nothing, so that only 201 counts.
 */
export function giteaForge(options: GiteaOptions): Forge {
  const client = giteaClient(options);
  const { call, read, pausedMs } = client;
  const { readList, readStart } = listReader(client);

  async function isMember({ org, login }: { org: string; login: string }): Promise<Answer<boolean>> {
    const route = "GET /orgs/{org}/members/{login}";
    const answer = await call(route, { org, login }, { statuses: [204], schema: z.unknown() });
    if (answer.ok) return { ok: true, value: true, at: answer.at };
    return answer.status === 404 ? { ok: true, value: false, at: null } : answer;
  }

  return {
    pausedMs: ({ repo }) => pausedMs(repo),

    async version() {
      const answer = await read("GET /version", {}, z.object({ version: z.string() }));
      return answer.ok ? { ...answer, value: answer.value.version } : answer;
    },

    async touchedPulls({ owner, since }) {
      // Closed ones too: who writes there gets an answer.
      const query = { type: "pulls", state: "all", owner };
      const route = "GET /repos/issues/search";
      const answer = since === null
        ? await readStart(route, query, { entry: foundPull })
        : await readList(route, { ...query, since: rfc3339(since) }, { entry: foundPull });
      if (!answer.ok) return answer;
      const value: TouchedPull[] = answer.value.map((found) => ({
        repo: found.repository.full_name,
        pr: found.number,
        updatedAt: found.updated_at,
      }));
      return { ...answer, value };
    },

    async comments({ repo, pr, since }) {
      const answer = await readList("GET /repos/{owner}/{name}/issues/{pr}/comments", {
        ...split(repo),
        pr,
        ...(since === null ? {} : { since: rfc3339(since) }),
      }, { entry: comment });
      return answer.ok ? { ...answer, value: answer.value.map(toComment) } : answer;
    },

    async repoComments({ repo, since }) {
      const answer = await readList("GET /repos/{owner}/{name}/issues/comments", {
        ...split(repo),
        since: rfc3339(since),
      }, { entry: repoComment });
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
      const { title, html_url, created_at, head } = answer.value;
      const state = stateOf(answer.value);
      const value = { state, head: head.sha, title, link: html_url, createdAt: created_at };
      return { ...answer, value };
    },

    async repository({ repo }) {
      const answer = await read("GET /repos/{owner}/{name}", split(repo), repository);
      return answer.ok ? { ...answer, value: toRepository(answer.value) } : answer;
    },

    async touchedRepositories({ ownerId, since }) {
      const query = { uid: ownerId, exclusive: true, sort: "updated", order: "desc" };
      const answer = await readList("GET /repos/search", query, {
        entry: repository,
        within: "data",
        enough: (page) => page.some((found) => found.updated_at < since),
      });
      if (!answer.ok) return answer;
      return { ...answer, value: answer.value.map(toRepository).filter((found) => found.updatedAt >= since) };
    },

    async branchHead({ repo, branch }) {
      const route = "GET /repos/{owner}/{name}/branches/{branch}";
      const answer = await read(route, { ...split(repo), branch }, branchAnswer);
      return answer.ok ? { ...answer, value: answer.value.commit.id } : answer;
    },

    async pushes({ repo, pr }) {
      const route = "GET /repos/{owner}/{name}/issues/{pr}/timeline";
      // The forge counts the entries of the page here, after it has left out those that nobody may see. Other pull
      // requests wait while a list is read that somebody made long on purpose.
      const answer = await readList(route, { ...split(repo), pr }, {
        entry: timelineEntry,
        counted: false,
        most: 100,
      });
      if (!answer.ok) {
        // Whoever may comment can make it that long. Then nobody can tell when what was pushed.
        if (answer.status === tooLong) return { ok: true, value: [], at: null };
        return answer.status === 404 ? { ok: true, value: null, at: null } : answer;
      }
      return { ...answer, value: answer.value.flatMap((entry) => "body" in entry ? [toPush(entry)] : []) };
    },

    isMember,

    async whoAmI({ org }) {
      const answer = await readList("GET /orgs/{org}/members", { org }, { entry: member });
      if (!answer.ok) return answer;
      // Without the scope for `GET /user`: private fields such as `active` are filled in for the caller alone.
      const own = answer.value.filter((member) => member.active === true);
      const [me] = own;
      return {
        ...answer,
        value: me !== undefined && own.length === 1 ? { id: me.id, login: me.login } : null,
      };
    },

    async seesMembers({ org }) {
      const listed = await readStart("GET /orgs/{org}/members", { org }, { entry: member });
      if (!listed.ok) return listed;
      // An outsider is shown the public members, if there are any. The organisation itself is a name of a user, too.
      const login = listed.value.at(0)?.login ?? org;
      const answer = await isMember({ org, login });
      if (answer.ok) return { ok: true, value: true, at: answer.at };
      return answer.status === 303 ? { ok: true, value: false, at: null } : answer;
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

function stateOf({ state, merged, head }: z.infer<typeof pullAnswer>): Pull["state"] {
  if (state === "open") return "open";
  if (merged) return "merged";
  return head.repo === null ? "fork-gone" : "closed";
}

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

function toRepository(found: z.infer<typeof repository>): Repository {
  return {
    repo: found.full_name,
    ownerId: found.owner.id,
    branch: found.default_branch,
    updatedAt: found.updated_at,
    testable: !found.empty && !found.archived,
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

import { ownerOf } from "../../enrolment/repositories.ts";
import { answer, counted, page, refusal, stamp } from "./fake_answers.ts";
import type { FakeClock } from "../../common/testing/fake_clock.ts";

interface Repo {
  name: string;
  branch: string;
  /** `null`: the branch is gone. */
  head: string | null;
  updated: number;
  archived: boolean;
}

/** A row of a commit's statuses; the latest of a context counts. */
interface Status {
  repo: string;
  commit: string;
  status: string;
  context: string;
  description: string;
  target_url: string;
}

interface Asked {
  query: URLSearchParams;
  fields: Record<string, unknown>;
}

/** The part of Gitea's API that is about repositories: every push moves `updated_at`, and other changes do, too. */
export class FakeRepos {
  readonly all: Repo[] = [];
  readonly statuses: Status[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** A push to the default branch; the first makes the repository. */
  push(name: string, head: string): Repo {
    const known = this.all.find((repo) => repo.name === name);
    const repo = known ?? { name, branch: "main", head, updated: 0, archived: false };
    if (known === undefined) this.all.push(repo);
    repo.head = head;
    this.touch(repo);
    return repo;
  }

  /** A change that moves no branch we look at. */
  touch(repo: Repo): void {
    repo.updated = Math.floor(this.#clock.now() / 1000) * 1000;
  }

  /** @returns `null` for a route that is somebody else's */
  route(route: string, { query, fields }: Asked): Response | null {
    const [, method, path = ""] = /^(GET|POST) (.*)$/.exec(route) ?? [];
    if (path === "/repos/search") return this.#search(query);
    const [, name = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(path) ?? [];
    const repo = this.all.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (repo === undefined) return null;
    if (method === "GET" && rest === "") return answer(this.#show(repo));
    const [, branch] = /^\/branches\/(.+)$/.exec(rest) ?? [];
    if (method === "GET" && branch !== undefined) {
      const there = decodeURIComponent(branch) === repo.branch && repo.head !== null;
      return there ? answer({ name: repo.branch, commit: { id: repo.head } }) : refusal(404, "not found");
    }
    const [, target] = /^\/statuses\/([0-9a-f]+)$/.exec(rest) ?? [];
    if (method === "POST" && target !== undefined) return this.#setStatus(repo, { commit: target, fields });
    const [, commit] = /^\/commits\/([0-9a-f]+)\/status$/.exec(rest) ?? [];
    return method === "GET" && commit !== undefined ? this.#combined(repo, { commit, query }) : null;
  }

  #search(query: URLSearchParams): Response {
    const owned = this.all.filter((repo) => String(this.#ownerId(repo)) === query.get("uid"));
    const sorted = owned.toSorted((a, b) => b.updated - a.updated);
    const data = page(sorted, query).map((repo) => this.#show(repo));
    return counted(answer({ ok: true, data }), sorted.length);
  }

  #setStatus(repo: Repo, { commit, fields }: { commit: string; fields: Record<string, unknown> }): Response {
    if (/^0+$/.test(commit)) return refusal(500); // a commit that is not there
    const text = (name: string) => String(fields[name] ?? "");
    const status = {
      ...{ repo: repo.name, commit, status: text("state"), context: text("context") },
      ...{ description: text("description"), target_url: text("target_url") },
    };
    this.statuses.push(status);
    return answer({ ...status, id: this.statuses.length, state: null }, 201);
  }

  #combined(repo: Repo, { commit, query }: { commit: string; query: URLSearchParams }): Response {
    const own = this.statuses.filter((one) => one.repo === repo.name && one.commit === commit);
    const latest = new Map(own.map((one) => [one.context, one]));
    const statuses = latest.size === 0 ? null : page([...latest.values()], query);
    return counted(answer({ state: "pending", sha: commit, statuses }), latest.size);
  }

  #ownerId(repo: Repo): number {
    return 7 + [...new Set(this.all.map(({ name }) => ownerOf(name)))].indexOf(ownerOf(repo.name));
  }

  #show(repo: Repo) {
    return {
      full_name: repo.name,
      owner: { id: this.#ownerId(repo) },
      default_branch: repo.branch,
      updated_at: stamp(repo.updated),
      empty: false,
      archived: repo.archived,
    };
  }
}

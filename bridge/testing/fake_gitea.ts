import { ownerOf } from "../../enrolment/repositories.ts";
import type { FakeClock } from "../../common/testing/fake_clock.ts";
import {
  answer,
  asForgejo,
  counted,
  listed,
  missingScope,
  noRoute,
  page,
  refusal,
  stamp,
} from "./fake_answers.ts";
import { FakeRepos } from "./fake_repos.ts";

interface Comment {
  id: number;
  repo: string;
  pr: number;
  user: string;
  body: string;
  created: number;
  updated: number;
  deleted: boolean;
}

interface PullRequest {
  repo: string;
  number: number;
  open: boolean;
  merged?: boolean;
  forkGone?: boolean;
  head: string;
  created: number;
  updated: number;
  /** `null`: the source of a reference is gone. `hidden`: left out after the list was cut into pages. */
  timeline: (TimelineEntry | null | "hidden")[];
}

interface TimelineEntry {
  type: string;
  body?: string | null;
  created_at?: string;
}

/** What happens to a request: `undefined` lets it through. */
export type Fault = (
  request: { method: string; path: string; query: URLSearchParams },
) => Response | "answer lost" | "no answer" | undefined;

/**
 * Gitea's API as far as the bridge uses it, in memory, with the real one's shapes and manners: whole seconds, bodies
 * stored as typed, `since` inclusive and about updates, pages of 50 at most, no `Link`, `null` for an empty list, an
 * edit that does not move the pull request, a 500 for a comment on a pull request that does not exist. A Forgejo's
 * are read from its source; none was asked.
 */
export class FakeGitea {
  readonly org = "recipe-maintainers";
  readonly bot = "cc-ci-bot";
  readonly users = new Map([["root-admin", 1], ["maintainer", 2], ["outsider", 3], ["cc-ci-bot", 4]]);
  readonly members = new Set(["root-admin", "maintainer", "cc-ci-bot"]);
  /** Members that anybody may know. */
  readonly publicMembers = new Set<string>();
  version: string;
  readonly forgejo: boolean;
  /** What the bot's token may do. */
  readonly scopes = new Set(["read:organization", "read:repository", "write:issue"]);
  readonly pulls: PullRequest[] = [];
  readonly comments: Comment[] = [];
  readonly reactions: number[] = [];
  /** Every request, `METHOD /path`. */
  readonly requests: string[] = [];
  fault: Fault = () => undefined;
  /** How far its clock is ahead of the bridge's, milliseconds. */
  skewMs = 0;
  /** Branches and the statuses of commits. */
  readonly repos: FakeRepos;
  readonly #clock: FakeClock;
  #nextId = 100;

  /** @param options.forgejo whether it has the manners of a Forgejo, where these differ */
  constructor(clock: FakeClock, { forgejo = false }: { forgejo?: boolean } = {}) {
    this.#clock = clock;
    this.forgejo = forgejo;
    this.version = forgejo ? "15.0.3+gitea-1.22.0" : "1.26.0";
    this.repos = new FakeRepos(clock);
  }

  openPull(repo: string, head: string): PullRequest {
    const number = this.pulls.filter((pull) => pull.repo === repo).length + 1;
    const at = this.#second();
    const pull: PullRequest = { repo, number, open: true, head, created: at, updated: at, timeline: [] };
    this.pulls.push(pull);
    this.#notePush(pull, { is_force_push: false, commit_ids: [head] });
    return pull;
  }

  push(pull: PullRequest, head: string): void {
    pull.head = head;
    this.#notePush(pull, { is_force_push: false, commit_ids: [head] });
  }

  say(pull: PullRequest, { user, body }: { user: string; body: string }): Comment {
    const at = this.#second();
    const comment: Comment = {
      id: this.#nextId++,
      repo: pull.repo,
      pr: pull.number,
      user,
      body,
      created: at,
      updated: at,
      deleted: false,
    };
    this.comments.push(comment);
    pull.updated = at;
    return comment;
  }

  edit(comment: Comment, body: string): void {
    comment.body = body;
    comment.updated = this.#second();
  }

  /** The bot's comments that are there. */
  replies(): Comment[] {
    return this.comments.filter((comment) => comment.user === this.bot && !comment.deleted);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const path = url.pathname.replace("/api/v1", "");
    this.requests.push(`${request.method} ${path}`);
    const fault = this.fault({ method: request.method, path, query: url.searchParams });
    if (fault === "no answer") throw new TypeError("Connection refused");
    if (fault instanceof Response) return fault;
    const missing = missingScope(`${request.method} ${path}`, this.scopes);
    if (missing !== null) return missing;
    const body: unknown = request.method === "GET" ? null : await request.json();
    const routed = this.#route(`${request.method} ${path}`, { query: url.searchParams, body });
    const response = this.forgejo ? await asForgejo(routed) : routed;
    if (fault === "answer lost") throw new TypeError("Connection reset by peer");
    response.headers.set("date", new Date(this.#clock.now() + this.skewMs).toUTCString());
    return response;
  };

  #route(route: string, { query, body }: { query: URLSearchParams; body: unknown }): Response {
    const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
    let match: RegExpExecArray | null;
    const is = (pattern: RegExp) => (match = pattern.exec(route)) !== null;
    const part = (index: number) => decodeURIComponent(match?.[index] ?? "");
    if (is(/^GET \/version$/)) return answer({ version: this.version });
    if (is(/^GET \/repos\/issues\/search$/)) return this.#search(query);
    if (is(/^GET \/orgs\/([^/]+)\/members\/([^/]+)$/)) return this.#membership(part(1), part(2));
    if (is(/^GET \/orgs\/([^/]+)\/members$/)) {
      const shown = this.members.has(this.bot) ? this.members : this.publicMembers;
      const all = [...shown].map((name) => ({ ...this.#user(name), active: name === this.bot }));
      return listed(all, query);
    }
    if (is(/^GET \/repos\/([^/]+\/[^/]+)\/pulls\/(\d+)$/)) {
      const pull = this.#pull(part(1), Number(part(2)));
      return pull === undefined ? refusal(404, "not found") : answer({
        number: pull.number,
        state: pull.open ? "open" : "closed",
        merged: pull.merged ?? false,
        title: "A change",
        html_url: `https://forge.example/${pull.repo}/pulls/${pull.number}`,
        created_at: stamp(pull.created),
        head: { ref: "feature", sha: pull.head, repo: pull.forkGone ? null : { full_name: pull.repo } },
      });
    }
    if (is(/^GET \/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/timeline$/)) {
      const cut = page(this.#pull(part(1), Number(part(2)))?.timeline ?? [], query);
      const entries = cut.filter((entry) => entry !== "hidden");
      // It counts the entries of this page.
      return counted(answer(entries.length === 0 ? null : entries), entries.length);
    }
    if (is(/^GET \/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/comments$/)) {
      const since = Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z");
      const repo = part(1);
      const number = Number(part(2));
      const found = this.comments.filter((comment) =>
        comment.repo === repo && comment.pr === number && !comment.deleted && comment.updated >= since
      );
      return counted(answer(found.map((comment) => this.#show(comment))), found.length);
    }
    if (is(/^GET \/repos\/([^/]+\/[^/]+)\/issues\/comments$/)) {
      const since = Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z");
      const repo = part(1).toLowerCase();
      const found = this.comments.filter((comment) =>
        comment.repo.toLowerCase() === repo && !comment.deleted && comment.updated >= since
      );
      // Forgejo cuts this list into pages only for who asks for one.
      const cut = this.forgejo && !query.has("page") ? found : page(found, query);
      return counted(answer(cut.map((comment) => this.#show(comment))), found.length);
    }
    if (is(/^POST \/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/comments$/)) {
      const pull = this.#pull(part(1), Number(part(2)));
      if (pull === undefined) return refusal(500);
      return answer(this.#show(this.say(pull, { user: this.bot, body: String(fields.body) })), 201);
    }
    if (is(/^PATCH \/repos\/([^/]+\/[^/]+)\/issues\/comments\/(\d+)$/)) {
      const comment = this.comments.find((one) => one.id === Number(part(2)) && !one.deleted);
      if (comment === undefined) return refusal(404, "not found");
      if (comment.user !== this.bot) return refusal(403, "forbidden");
      this.edit(comment, String(fields.body));
      return answer(this.#show(comment));
    }
    if (is(/^POST \/repos\/([^/]+\/[^/]+)\/issues\/comments\/(\d+)\/reactions$/)) {
      const id = Number(part(2));
      if (!this.comments.some((one) => one.id === id && !one.deleted)) return refusal(404, "not found");
      const there = this.reactions.includes(id);
      if (!there) this.reactions.push(id);
      return answer({ user: this.#user(this.bot), content: fields.content }, there ? 200 : 201);
    }
    return this.repos.route(route, { query, fields }) ??
      (is(/^[A-Z]+ \/repos\//) ? refusal(404, "not found") : noRoute());
  }

  /** Outsiders are told about themselves only, and sent elsewhere about others. */
  #membership(org: string, login: string): Response {
    const known = [...this.users.keys(), this.org].find((name) => name.toLowerCase() === login.toLowerCase());
    if (org !== this.org || known === undefined) return refusal(404, "not found");
    if (this.members.has(this.bot)) {
      return this.members.has(known) ? new Response(null, { status: 204 }) : refusal(404, "not found");
    }
    if (known === this.bot) return refusal(404, "not found");
    const location = `/api/v1/orgs/${org}/public_members/${known}`;
    return new Response(null, { status: 303, headers: { location } });
  }

  #search(query: URLSearchParams): Response {
    const since = Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z");
    const owner = (query.get("owner") ?? "").toLowerCase();
    const places = [...this.pulls.map((pull) => pull.repo), ...this.repos.all.map((repo) => repo.name)];
    if (owner !== this.org && !places.some((repo) => ownerOf(repo) === owner)) {
      return refusal(400, `user does not exist [uid: 0, name: ${owner}]`);
    }
    const found = this.pulls.filter((pull) =>
      (pull.open || query.get("state") === "all") && pull.updated >= since && ownerOf(pull.repo) === owner
    );
    const shown = found.map((pull) => ({
      number: pull.number,
      updated_at: stamp(pull.updated),
      repository: { full_name: pull.repo },
    }));
    return listed(shown, query);
  }

  #notePush(pull: PullRequest, content: { is_force_push: boolean; commit_ids: string[] }): void {
    pull.timeline.push({
      type: "pull_push",
      body: JSON.stringify(content),
      created_at: stamp(this.#second()),
    });
    pull.updated = this.#second();
  }

  #pull(repo: string, number: number): PullRequest | undefined {
    return this.pulls.find((pull) => pull.repo === repo && pull.number === number);
  }

  #show(comment: Comment) {
    return {
      id: comment.id,
      pull_request_url: `https://forge.example/${comment.repo}/pulls/${comment.pr}`,
      issue_url: "",
      user: this.#user(comment.user),
      body: comment.body,
      created_at: stamp(comment.created),
      updated_at: stamp(comment.updated),
    };
  }

  #user(login: string) {
    return { id: this.users.get(login) ?? -1, login };
  }

  #second(): number {
    return Math.floor((this.#clock.now() + this.skewMs) / 1000) * 1000;
  }
}

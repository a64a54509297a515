import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { giteaForge } from "../bridge/forge/gitea.ts";
import { giteaStatuses } from "../bridge/forge/statuses.ts";
import type { Dashboard } from "../bridge/reports/dashboard_client.ts";
import { Bridge } from "../bridge/service/bridge.ts";
import { newId } from "../bridge/service/state_folder.ts";
import { Store } from "../bridge/store/store.ts";
import { FakeEngine } from "../bridge/testing/fake_engine.ts";
import { systemClock, waitFor } from "../common/time.ts";
import type { Announcement, BridgeReport, RunView } from "../protocol/dashboard_api.ts";
import {
  type Account,
  type AccountName,
  type Credentials,
  ensureCredentials,
} from "../local/host/accounts.ts";
import { expectStatus, forgeApi, type ForgeCall } from "../local/gitea/api.ts";
import { giteaFiles } from "../local/gitea/config.ts";
import { ensureGitea, ensureGiteaProgram, type GiteaProgram, stopGitea } from "../local/gitea/gitea.ts";
import { ORG, seedForge } from "../local/gitea/seed.ts";
import { type Paths, pathsBelow, pathsFromEnvironment, PORTS } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { lockStack } from "../local/stack/lock.ts";
import { labAddress } from "./lab_address.ts";
import { Guard } from "./guard.ts";

const step = { update() {}, done() {}, fail() {} };
const numbered = z.object({ number: z.number() });
const identified = z.object({ id: z.number() });
const comments = z.array(
  z.object({ id: z.number(), body: z.string(), user: z.object({ login: z.string() }) }),
);
const timeline = z.array(
  z.object({ type: z.string(), created_at: z.iso.datetime({ offset: true }) }).nullable(),
)
  .nullable();

/** What a bridge told its dashboard, and what that shows of runs: without it, it does not answer. */
export class ToldDashboard implements Dashboard {
  readonly runs = new Map<string, Announcement>();
  readonly views = new Map<string, RunView>();
  said: BridgeReport | null = null;

  page(run: string): string {
    return `https://ci.example/runs/${run}`;
  }

  announce(run: string, said: Announcement) {
    this.runs.set(run, said);
    return Promise.resolve({ ok: true as const, value: null, at: null });
  }

  view(run: string) {
    const value = this.views.get(run);
    return Promise.resolve(
      value === undefined
        ? { ok: false as const, status: 503, message: "No harness here", retryAfterMs: null }
        : { ok: true as const, value, at: null },
    );
  }

  report(said: BridgeReport) {
    this.said = said;
    return Promise.resolve({ ok: true as const, value: null, at: null });
  }
}

/** A pull request of the lab. */
export interface LabPull {
  repo: string;
  number: number;
  head: string;
}

let names = 0;

/** A real Gitea of its own on an address of its own, and bridges that look at it: no Docker, no stack. */
export class ForgeLab implements AsyncDisposable {
  readonly #paths: Paths;
  readonly #gateway: string;
  readonly #guard: Guard;
  readonly accounts: Credentials["accounts"];

  private constructor(at: { paths: Paths; gateway: string; guard: Guard; credentials: Credentials }) {
    this.#paths = at.paths;
    this.#gateway = at.gateway;
    this.#guard = at.guard;
    this.accounts = at.credentials.accounts;
  }

  static async open(): Promise<ForgeLab> {
    const shared = pathsFromEnvironment();
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-forge-" });
    const guard = new Guard(folder);
    const paths: Paths = { ...pathsBelow(folder), bin: shared.bin, build: shared.build };
    const gateway = labAddress("forge");
    const signal = new AbortController().signal;
    const program = await programOf(shared, signal);
    const credentials = await ensureCredentials(paths);
    await ensureGitea({ paths, step, gateway, program, admin: credentials.accounts.admin });
    await seedForge({ paths, gateway, credentials, step });
    return new ForgeLab({ paths, gateway, guard, credentials });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopGitea(this.#paths);
    await Deno.remove(this.#paths.cache, { recursive: true });
    await this.#guard[Symbol.asyncDispose]();
  }

  get url(): string {
    return `http://${this.#gateway}:${PORTS.gitea}`;
  }

  /** Calls the forge as somebody, who gets one of these statuses. */
  async as(
    who: AccountName,
    ...[method, path, body]: Parameters<ForgeCall>
  ): Promise<unknown> {
    const answer = await forgeApi(this.#gateway, this.accounts[who])(method, path, body);
    return expectStatus(answer, `${method} ${path} as ${who}`, 200, 201, 202, 204, 205);
  }

  /** A new repository of the organisation. @returns `owner/name` */
  async repository(name = `recipe-${++names}`): Promise<string> {
    await this.as("maintainer", "POST", `/orgs/${ORG}/repos`, {
      name,
      auto_init: true,
      default_branch: "main",
    });
    return `${ORG}/${name}`;
  }

  /** A pull request, by the outsider from a fork. */
  async pull(repo: string, title = "A change"): Promise<LabPull> {
    const outsider = this.accounts.outsider.name;
    await this.as("outsider", "POST", `/repos/${repo}/forks`, {});
    const change = { branch: "main", new_branch: "change" };
    const head = await this.#commit(repo, { file: "change.md", message: title, ...change });
    const opened = await this.as("outsider", "POST", `/repos/${repo}/pulls`, {
      ...{ title, head: `${outsider}:change`, base: "main" },
    });
    const { number } = numbered.parse(opened);
    await this.#pushNoted({ repo, number, head }, 1);
    return { repo, number, head };
  }

  /** A second commit of a pull request. A comment that is written afterwards is about this one. */
  async push(pull: LabPull, message: string): Promise<LabPull> {
    const head = await this.#commit(pull.repo, { file: "more.md", message, branch: "change" });
    const noted = await this.#pushNoted(pull, 2);
    // The forge knows times by the second only.
    await waitFor(() => Date.now() >= noted + 1000, { what: "the second to be over", timeoutMs: 10_000 });
    return { ...pull, head };
  }

  /** Adds a file in the outsider's fork. @returns the commit */
  async #commit(
    repo: string,
    { file, ...change }: { file: string; message: string; branch: string; new_branch?: string },
  ): Promise<string> {
    const fork = `${this.accounts.outsider.name}/${repo.split("/")[1]}`;
    const content = btoa(`${change.message}\n`);
    const made = await this.as("outsider", "POST", `/repos/${fork}/contents/${file}`, { ...change, content });
    return z.object({ commit: z.object({ sha: z.string() }) }).parse(made).commit.sha;
  }

  /** Waits until the forge has noted so many pushes. @returns when the last of them was, in ms */
  async #pushNoted({ repo, number }: LabPull, count: number): Promise<number> {
    return await waitFor(async () => {
      const entries = timeline.parse(
        await this.as("maintainer", "GET", `/repos/${repo}/issues/${number}/timeline`),
      );
      const pushed = entries?.filter((entry) => entry?.type === "pull_push")[count - 1];
      return pushed ? Date.parse(pushed.created_at) : undefined;
    }, { what: "the push to be noted", timeoutMs: 60_000 });
  }

  /** @returns the comment's id */
  async say(pull: LabPull, { body, by = "maintainer" }: { body: string; by?: AccountName }): Promise<number> {
    const path = `/repos/${pull.repo}/issues/${pull.number}/comments`;
    return identified.parse(await this.as(by, "POST", path, { body })).id;
  }

  /** Texts of the bot's comments, oldest first. */
  async replies({ repo, number }: LabPull): Promise<string[]> {
    const all = comments.parse(await this.as("admin", "GET", `/repos/${repo}/issues/${number}/comments`));
    return all.filter(({ user }) => user.login === this.accounts.bot.name).map(({ body }) => body);
  }

  /** Writes so many comments as by the outsider, into the forge's database: to write them one by one takes minutes. */
  fillThread({ repo, number }: LabPull, count: number): void {
    using db = new DatabaseSync(join(giteaFiles(this.#paths).root, "gitea.db"), { timeout: 10_000 });
    const [owner = "", name = ""] = repo.split("/");
    db.prepare(`
      WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
      INSERT INTO comment (type, poster_id, issue_id, content, created_unix, updated_unix)
      SELECT 0, (SELECT id FROM user WHERE lower_name = ?), issue.id, 'Hello', issue.created_unix, issue.created_unix
      FROM numbers, issue JOIN repository ON repository.id = issue.repo_id
      WHERE repository.owner_name = ? AND repository.name = ? AND issue."index" = ?
    `).run(count, this.accounts.outsider.name, owner, name, number);
  }

  /** A bridge that watches these repositories. */
  async bridge(repos: readonly string[]): Promise<LabBridge> {
    const bridge = new LabBridge(this.url, { accounts: this.accounts, repos });
    await bridge.until("the bridge watches", () => bridge.store.owner(ORG) !== undefined);
    return bridge;
  }
}

/** Gitea itself, which is built when it is not there: by one at a time, while a stack may be starting. */
async function programOf(paths: Paths, signal: AbortSignal): Promise<GiteaProgram> {
  using _lock = await lockStack(paths, { progress: silentProgress, signal });
  return await ensureGiteaProgram({ paths, progress: silentProgress, signal });
}

/** A bridge with an engine and a dashboard that do as the test says. */
export class LabBridge implements Disposable {
  readonly store = new Store(":memory:");
  readonly engine = new FakeEngine();
  readonly dashboard = new ToldDashboard();
  readonly #bridge: Bridge;

  constructor(
    url: string,
    { accounts, repos }: { accounts: Record<AccountName, Account>; repos: readonly string[] },
  ) {
    const forge = { url, fetch, clock: systemClock };
    this.engine.capacity = 10;
    this.#bridge = new Bridge({
      store: this.store,
      engine: this.engine,
      dashboard: this.dashboard,
      ...{ clock: systemClock, newId, org: ORG, forgeUrl: url },
      forge: giteaForge({ ...forge, token: accounts.bot.token }),
      statuses: giteaStatuses({ ...forge, token: accounts.maintainer.token }),
      readMaintenance: () => Promise.resolve(null),
      readEnrolments: () =>
        Promise.resolve({
          recipes: new Map(repos.map((repo) => [repo.toLowerCase(), repo.split("/")[1] ?? ""])),
          ...{ owners: [ORG], mistakes: new Map(), shown: new Set(), problems: [] },
        }),
    });
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }

  /** Lets the bridge go round until it holds. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const bridge = this.#bridge;
    await waitFor(async () => {
      await bridge.poll();
      await bridge.decide();
      await bridge.deliver();
      await bridge.announce();
      await bridge.drive();
      return await holds();
    }, { what, timeoutMs: 120_000, everyMs: 50 });
  }

  /** The only run of a pull request's head, once the engine has it. @returns its name */
  async started({ repo, number, head }: LabPull): Promise<string> {
    const found = () =>
      this.engine.started.filter(({ SRC, PR, REF }) => SRC === repo && PR === String(number) && REF === head);
    await this.until(`the run of ${repo}#${number} to start`, () => found().length === 1);
    return found()[0]?.RUN ?? "";
  }
}

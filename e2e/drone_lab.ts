import { join } from "node:path";
import * as z from "zod";
import { DroneEngine } from "../bridge/engine/drone.ts";
import { type Clock, systemClock, waitFor } from "../common/time.ts";
import type { RunParams } from "../protocol/params.ts";
import { ensureCredentials } from "../local/host/accounts.ts";
import { ensureDaemon, ownDaemon } from "../local/drone/daemon.ts";
import { daemonIds, type DaemonSetup, runner, server, stopDrone } from "../local/drone/daemons.ts";
import { BRANCH, droneFiles, OWNER, PIPELINES } from "../local/drone/files.ts";
import { ensurePipelines } from "../local/drone/forge.ts";
import { logIn } from "../local/drone/login.ts";
import { ensureDrone } from "../local/drone/mod.ts";
import { ensureDronePrograms } from "../local/drone/programs.ts";
import { ensureSecrets } from "../local/drone/secrets.ts";
import { exists } from "../common/files.ts";
import { expectStatus, forgeApi } from "../local/gitea/api.ts";
import { ensureGitea, ensureGiteaProgram, stopGitea } from "../local/gitea/gitea.ts";
import { type Paths, pathsBelow, pathsFromEnvironment, PORTS } from "../local/host/paths.ts";
import { isRunning, stopProcess } from "../local/host/process.ts";
import { silentProgress } from "../local/host/progress.ts";
import { lockStack } from "../local/stack/lock.ts";
import { labAddress } from "./lab_address.ts";
import { Guard } from "./guard.ts";

const step = { update() {}, done() {}, fail() {} };

/**
 * Stands for the harness. Its recipe says what it does: `exit-N` ends with that code, `hold` goes on until it is let
 * go, and ends with 4 where it is told to end. What it got is noted.
 */
const harness = (notes: string) =>
  `#!/bin/sh
notes=${notes}
env >"$notes/$RUN.env"
trap 'touch "$notes/$RUN.told"; exit 4' TERM
echo $$ >"$notes/$RUN.pid"
case $RECIPE in
  exit-*) exit "\${RECIPE#exit-}" ;;
esac
until [ -e "$notes/$RUN.go" ] || [ ! -d "$notes" ]; do sleep 0.05; done
`;

const build = z.looseObject({
  number: z.number(),
  status: z.string(),
  event: z.string(),
  after: z.string(),
  params: z.record(z.string(), z.string()).nullish(),
});
export type DroneBuild = z.infer<typeof build>;

let names = 0;

/** The programs themselves, which are built when they are not there: by one at a time, while a stack may be starting. */
async function programsOf(paths: Paths, signal: AbortSignal) {
  const context = { paths, progress: silentProgress, signal };
  using _lock = await lockStack(paths, context);
  return { gitea: await ensureGiteaProgram(context), programs: await ensureDronePrograms(context) };
}

/** A forge and a Drone with its runner, of their own on an address of their own: no Docker, no stack. */
export class DroneLab implements AsyncDisposable {
  readonly #setup: DaemonSetup;
  readonly #notes: string;
  readonly #guard: Guard;
  /** Runners beside the first one that have been started. */
  #others = 0;
  /** Commit of the pipeline as the project has it. */
  readonly commit: string;

  private constructor(
    setup: DaemonSetup,
    { notes, guard, commit }: { notes: string; guard: Guard; commit: string },
  ) {
    this.#setup = setup;
    this.#notes = notes;
    this.#guard = guard;
    this.commit = commit;
  }

  static async open(): Promise<DroneLab> {
    const shared = pathsFromEnvironment();
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-drone-" });
    const guard = new Guard(folder);
    const paths: Paths = { ...pathsBelow(folder), bin: shared.bin, build: shared.build };
    const signal = new AbortController().signal;
    const gateway = labAddress("drone");
    const { gitea, programs } = await programsOf(shared, signal);
    const { admin } = (await ensureCredentials(paths)).accounts;
    await ensureGitea({ paths, step, gateway, program: gitea, admin });
    const env = await ensureDrone({ paths, progress: silentProgress, signal, gateway, admin, env: {} });
    const notes = join(folder, "notes");
    await Deno.mkdir(notes);
    await Deno.writeTextFile(droneFiles(paths).harness, harness(notes), { mode: 0o755 });
    const secrets = await ensureSecrets(paths);
    return new DroneLab({ paths, gateway, programs, secrets }, {
      notes,
      guard,
      commit: env.CCCI_DRONE_COMMIT ?? "",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for await (const { name } of Deno.readDir(this.#notes)) {
      if (name.endsWith(".pid")) await this.letGo(name.slice(0, -4));
    }
    const { paths } = this.#setup;
    await stopDrone(paths);
    await stopGitea(paths);
    await Deno.remove(paths.cache, { recursive: true });
    await this.#guard[Symbol.asyncDispose]();
  }

  get url(): string {
    return `http://${this.#setup.gateway}:${PORTS.drone}`;
  }

  /** The bridge's engine; each has a memory of its own. */
  engine(options: { commit?: string; fetch?: typeof fetch; clock?: Clock } = {}): DroneEngine {
    return new DroneEngine({
      url: this.url,
      token: this.#setup.secrets.token,
      repo: PIPELINES,
      branch: BRANCH,
      commit: options.commit ?? this.commit,
      fetch: options.fetch ?? fetch,
      clock: options.clock ?? systemClock,
    });
  }

  /** Parameters of a run that no other has. */
  params(recipe: string): RunParams {
    const RUN = `lab${String(++names).padStart(9, "0")}-1`;
    return { RECIPE: recipe, REF: "a".repeat(40), PR: "7", SRC: "recipe-maintainers/custom-html", RUN };
  }

  /** Pushes another `.drone.yml`. @returns its commit */
  async push(text: string): Promise<string> {
    const { gateway, secrets } = this.#setup;
    return await ensurePipelines(forgeApi(gateway, { name: OWNER, password: secrets.password }), text);
  }

  /** Logs somebody in to Drone by the forge. @returns the account's token */
  async logIn(user: { name: string; password: string }): Promise<string> {
    const { gateway, secrets } = this.#setup;
    const forge = `http://${gateway}:${PORTS.gitea}`;
    return await logIn({ forge, drone: this.url, user, clientId: secrets.app?.id ?? "" });
  }

  /** Makes an account on the forge that has nothing to do with the pipelines. */
  async stranger(name: string): Promise<{ name: string; password: string }> {
    const { gateway, paths } = this.#setup;
    const { admin } = (await ensureCredentials(paths)).accounts;
    const password = "password-of-a-stranger";
    const email = `${name}@localhost.localdomain`;
    const made = await forgeApi(gateway, admin)("POST", "/admin/users", {
      ...{ username: name, password, email, must_change_password: false },
    });
    expectStatus(made, `make the user "${name}"`, 201);
    return { name, password };
  }

  /** Makes an organisation on the forge whose only member is this account. */
  async organisation(name: string, member: { name: string; password: string }): Promise<void> {
    const made = await forgeApi(this.#setup.gateway, member)("POST", "/orgs", { username: name });
    expectStatus(made, `make the organisation "${name}"`, 201);
  }

  /** Another repository of the pipelines' owner with this `.drone.yml`, active in Drone. @returns its builds' address */
  async anotherRepository(name: string, text: string): Promise<string> {
    const { gateway, secrets } = this.#setup;
    const user = { name: OWNER, password: secrets.password };
    const call = forgeApi(gateway, user);
    const made = await call("POST", "/user/repos", { name, auto_init: true, default_branch: BRANCH });
    expectStatus(made, `make the repository "${name}"`, 201);
    const content = new TextEncoder().encode(text).toBase64();
    const file = { message: "Pipelines [ci skip]", branch: BRANCH, content };
    const put = await call("POST", `/repos/${OWNER}/${name}/contents/.drone.yml`, file);
    expectStatus(put, `write ".drone.yml" to "${name}"`, 201);
    const headers = { authorization: `Bearer ${await this.logIn(user)}` };
    const post = (path: string) => fetch(`${this.url}${path}`, { method: "POST", headers });
    const repository = `/api/repos/${OWNER}/${name}`;
    await (await post("/api/user/repos")).body?.cancel();
    await waitFor(async () => {
      const answer = await post(repository);
      await answer.body?.cancel();
      return answer.status === 200;
    }, { what: `Drone to activate "${name}"`, timeoutMs: 60_000, everyMs: 250 });
    return `${repository}/builds`;
  }

  /** Has Drone build a repository's branch. @returns the build once it is over, with errors of its stages */
  async built(builds: string): Promise<{ status: string; errors: string[] }> {
    const headers = { authorization: `Bearer ${this.#setup.secrets.token}` };
    const asked = await fetch(`${this.url}${builds}?branch=${BRANCH}`, { method: "POST", headers });
    const { number } = build.parse(await asked.json());
    const whole = build.extend({ stages: z.array(z.object({ error: z.string().default("") })) });
    const over = await waitFor(async () => {
      const found = whole.parse(await (await fetch(`${this.url}${builds}/${number}`, { headers })).json());
      return ["pending", "running"].includes(found.status) ? undefined : found;
    }, { what: `the end of build ${number}`, timeoutMs: 120_000, everyMs: 50 });
    return { status: over.status, errors: over.stages.map(({ error }) => error) };
  }

  /** The commit before there was a `.drone.yml`. */
  async emptyCommit(): Promise<string> {
    const { gateway, secrets } = this.#setup;
    const call = forgeApi(gateway, { name: OWNER, password: secrets.password });
    const commits = z.array(z.object({ sha: z.string() }))
      .parse((await call("GET", `/repos/${PIPELINES}/commits?limit=50`)).body);
    return commits.at(-1)?.sha ?? "";
  }

  /** Asks Drone as its admin, below the pipelines' repository. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/api/repos/${PIPELINES}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#setup.secrets.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await response.json();
  }

  /** Builds of a run, the newest first. */
  async builds(run: string): Promise<DroneBuild[]> {
    const all = z.array(build).parse(await this.ask("GET", "/builds?per_page=100"));
    return all.filter((one) => one.params?.RUN === run);
  }

  /** Waits for something the run's harness notes. */
  async note(run: string, what: "pid" | "env" | "told"): Promise<string> {
    const file = join(this.#notes, `${run}.${what}`);
    await waitFor(() => exists(file), {
      what: `run ${run} to note "${what}"`,
      timeoutMs: 120_000,
      everyMs: 20,
    });
    return await Deno.readTextFile(file);
  }

  /** Whether the run's harness has begun. */
  async began(run: string): Promise<boolean> {
    return await exists(join(this.#notes, `${run}.pid`));
  }

  /** Lets a harness that holds come to its end. */
  async letGo(run: string): Promise<void> {
    await Deno.writeTextFile(join(this.#notes, `${run}.go`), "");
  }

  /** Asks the runner to end, as systemd does when its unit is stopped. */
  tellRunner(signal: "SIGTERM"): void {
    const id = ownDaemon(daemonIds(this.#setup.paths).runner);
    if (id === undefined) throw new Error("The runner does not run");
    Deno.kill(id.pid, signal);
  }

  /** Ends the runner without warning. */
  async killRunner(): Promise<void> {
    const id = ownDaemon(daemonIds(this.#setup.paths).runner);
    if (id === undefined) throw new Error("The runner does not run");
    Deno.kill(id.pid, "SIGKILL");
    await waitFor(() => !isRunning(id), { what: "the runner to be gone", timeoutMs: 60_000, everyMs: 20 });
  }

  runnerRuns(): boolean {
    return ownDaemon(daemonIds(this.#setup.paths).runner) !== undefined;
  }

  /** Starts another runner, as another host would have it, which ends with what this returns. */
  async anotherRunner(
    { name, labels = {} }: { name: string; labels?: Record<string, string> },
  ): Promise<AsyncDisposable> {
    const port = PORTS.droneRunner + ++this.#others;
    const daemon = runner(this.#setup, { name, port, labels });
    await ensureDaemon(daemon, step);
    return {
      [Symbol.asyncDispose]: async () =>
        void await stopProcess(ownDaemon(daemon), { graceMs: daemon.graceMs }),
    };
  }

  /** Names of the runners that took a run's build. */
  async runnersOf(run: string): Promise<string[]> {
    const [newest] = await this.builds(run);
    const { stages } = z.object({ stages: z.array(z.object({ machine: z.string().default("") })) })
      .parse(await this.ask("GET", `/builds/${newest?.number}`));
    return stages.map(({ machine }) => machine);
  }

  async startRunner(): Promise<void> {
    await ensureDaemon(runner(this.#setup), step);
  }

  /** Stops the server only: the runner and its step go on. */
  async stopServer(): Promise<void> {
    const id = ownDaemon(daemonIds(this.#setup.paths).server);
    if (id === undefined) throw new Error("Drone does not run");
    Deno.kill(id.pid, "SIGTERM");
    await waitFor(() => !isRunning(id), { what: "Drone to stop", timeoutMs: 60_000, everyMs: 20 });
  }

  /** @param filter of people, whom Drone lets in @default as the stack has it */
  async startServer(filter?: string): Promise<void> {
    const daemon = server(this.#setup);
    if (filter !== undefined) daemon.settings.values.DRONE_USER_FILTER = filter;
    await ensureDaemon(daemon, step);
  }
}

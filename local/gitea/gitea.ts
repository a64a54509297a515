import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { runCommand, runCommandOk } from "../../common/command.ts";
import { buildProgram } from "../host/build.ts";
import { StackError } from "../host/errors.ts";
import { exists } from "../../common/files.ts";
import { giteaConfig, giteaFiles } from "./config.ts";
import { officialGitea } from "./official.ts";
import { ensurePrograms, onPath } from "../host/host.ts";
import { type Paths, PORTS } from "../host/paths.ts";
import {
  answersInTime,
  isHealthy,
  ownProcess,
  type ProcessId,
  startDetached,
  stopProcess,
  untilAnswers,
} from "../host/process.ts";
import { inStep, type Progress, type Step } from "../host/progress.ts";
import { together } from "../host/interruption.ts";

export const GITEA_VERSION = "1.26.0";
const READY_MS = 180_000;
const STOP_MS = 15_000;

/** A Gitea to run, with what it serves its pages from. */
export interface GiteaProgram {
  binary: string;
  staticRoot: string | undefined;
}

export interface BuildContext {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * The Gitea on PATH if its version fits, else one that is kept in the cache: the official one where a registry has it,
 * otherwise one built from its module.
 */
export async function ensureGiteaProgram(context: BuildContext): Promise<GiteaProgram> {
  const { paths } = context;
  const installed = await onPath("gitea");
  if (installed !== undefined) {
    const said = await runCommand([installed, "--version"]);
    if (/version v?1\.(2[6-9]|[3-9][0-9])\./i.test(said.stdout)) {
      return { binary: installed, staticRoot: undefined };
    }
  }
  if (!await isBuilt(paths)) {
    const official = await officialGitea(GITEA_VERSION, context);
    if (official !== undefined) return { binary: official, staticRoot: undefined };
  }
  return await buildGitea(context);
}

/** What a build leaves in the cache. */
const built = (paths: Paths) => ({
  binary: join(paths.bin, `gitea-${GITEA_VERSION}`),
  staticRoot: join(paths.cache, `gitea-assets-${GITEA_VERSION}`),
});

async function isBuilt(paths: Paths): Promise<boolean> {
  const { binary, staticRoot } = built(paths);
  return await exists(binary) && await exists(staticRoot);
}

/** The Gitea that is built from its module and kept in the cache, with the folder that it serves its pages from. */
export async function buildGitea(context: BuildContext): Promise<{ binary: string; staticRoot: string }> {
  const { paths } = context;
  const { binary, staticRoot } = built(paths);
  const jobs: ((signal: AbortSignal) => Promise<unknown>)[] = [];
  const script = (name: string) => join(paths.repo, "local", "gitea", name);
  if (!await exists(binary)) {
    jobs.push((signal) =>
      inStep(context.progress, "Build Gitea", (step) =>
        buildProgram({
          paths,
          step,
          signal,
          name: "Gitea",
          argv: [script("build.sh"), GITEA_VERSION, binary, join(paths.build, "gitea")],
          usually: "about 8 min",
        }))
    );
  }
  if (!await exists(staticRoot)) {
    jobs.push((signal) =>
      inStep(context.progress, "Build Gitea's pages", async (step) => {
        await ensurePrograms(["npm"], { why: "Gitea's pages", step });
        await buildProgram({
          paths,
          step,
          signal,
          name: "Gitea's pages",
          argv: [script("assets.sh"), GITEA_VERSION, staticRoot, join(paths.build, "gitea-assets")],
          usually: "about 1 min",
        });
      })
    );
  }
  await together(context.signal, jobs);
  return { binary, staticRoot };
}

export interface GiteaOptions {
  paths: Paths;
  step: Step;
  gateway: string;
  program: GiteaProgram;
  /** The first account. Gitea's command makes it before the first start, since nobody can log in yet. */
  admin: { name: string; password: string };
}

/** Gitea, listening on the gateway and answering. */
export async function ensureGitea(options: GiteaOptions): Promise<void> {
  const { paths, step, gateway, program } = options;
  const files = giteaFiles(paths);
  const user = (await runCommandOk(["id", "-un"])).stdout.trim();
  const config = giteaConfig({ paths, gateway, user, staticRoot: program.staticRoot });
  const wanted = createHash("sha256").update(program.binary + config).digest("hex");
  const mark = join(files.root, "fingerprint");
  const same = await Deno.readTextFile(mark).catch(() => "") === wanted;
  const running = ownGitea(paths);
  if (running !== undefined && same && await answersInTime(() => giteaAnswers(gateway))) {
    step.done("already running");
    return;
  }
  await stopProcess(running, { graceMs: STOP_MS });
  await Deno.mkdir(files.root, { recursive: true });
  if (!same) {
    await Deno.writeTextFile(files.config, config, { mode: 0o600 });
    await Deno.writeTextFile(mark, wanted);
  }
  const env = giteaEnvironment(paths, user);
  const gitea = (...args: string[]) =>
    runCommand([program.binary, "--config", files.config, ...args], { env, clearEnv: true });
  if (!await exists(join(files.root, "admin-made"))) {
    step.update("making its database");
    const migrated = await gitea("migrate");
    if (!migrated.success) {
      throw failure("Could not make Gitea's database", migrated.stdout + migrated.stderr);
    }
    const { name, password } = options.admin;
    const made = await gitea(
      ...["admin", "user", "create", "--admin", "--username", name, "--password", password],
      ...["--email", `${name}@localhost.localdomain`, "--must-change-password=false"],
    );
    // A start that was killed in between has made it already, with the same stored password.
    if (!made.success && !/already exists/.test(made.stdout + made.stderr)) {
      throw failure("Could not make Gitea's administrator", made.stdout + made.stderr);
    }
    await Deno.writeTextFile(join(files.root, "admin-made"), "");
  }
  step.update("starting");
  const { log, pidFile } = files;
  const argv = [program.binary, "--config", files.config, "web"];
  const id = await startDetached(argv, { cwd: files.root, env, clearEnv: true, log, pidFile });
  await untilAnswers(id, { name: "Gitea", log, answers: () => giteaAnswers(gateway), readyMs: READY_MS });
}

/** Whether Gitea answers that it is healthy. */
export async function giteaAnswers(gateway: string): Promise<boolean> {
  return await isHealthy(`http://${gateway}:${PORTS.gitea}/api/healthz`);
}

/** This stack's Gitea, if it runs. */
export function ownGitea(paths: Paths): ProcessId | undefined {
  const { pidFile, config } = giteaFiles(paths);
  return ownProcess(pidFile, (argv) => argv.includes(config) && argv.at(-1) === "web");
}

export async function stopGitea(paths: Paths): Promise<boolean> {
  return await stopProcess(ownGitea(paths), { graceMs: STOP_MS });
}

/** Gitea's environment. It holds nothing of the caller's, since Gitea hands it on to git. */
function giteaEnvironment(paths: Paths, user: string): Record<string, string> {
  return {
    PATH: `${Deno.env.get("PATH") ?? ""}:${dirname("/usr/bin/git")}`,
    HOME: join(giteaFiles(paths).root, "home"),
    USER: user,
    LANG: "C.UTF-8",
  };
}

function failure(message: string, said: string): StackError {
  return new StackError(message, { hint: said.trim().split("\n").slice(-6).join("\n") });
}

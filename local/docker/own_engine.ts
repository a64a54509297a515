import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { runCommand } from "../../common/command.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import { type Docker, engineAnswers, engineClient, SOCKET } from "./client.ts";
import { type EngineContext, ensureEngineProgram } from "./engine_program.ts";
import { StackError } from "../host/errors.ts";
import { FLOOR_FILES } from "../../programs/bundle.ts";
import { exists } from "../../common/files.ts";
import { noteHost, restoreHost } from "./host_traces.ts";
import { installPackages, isRoot, onPath } from "../host/host.ts";
import { OURS, type Paths, pathsBelow } from "../host/paths.ts";
import {
  commandLine,
  descendantsOf,
  findProcesses,
  ownProcess,
  type ProcessId,
  runningProcess,
  startDetached,
  stopProcess,
} from "../host/process.ts";
import type { Step } from "../host/progress.ts";

/** Where the runtime of the floor reads what apps may use. @see harness/floor/limits.ts */
const FLOOR = "/run/cc-ci/floor";
const START_MS = 60_000;
/** Stopping waits for containers' own grace periods. */
const STOP_MS = 40_000;

export const engineFiles = (paths: Paths) => ({
  pidFile: join(paths.state, "pids", "dockerd.json"),
  log: join(paths.logs, "dockerd.log"),
  execRoot: join(paths.state, "docker-exec"),
});

/** Our own dockerd, if it runs; found by its data root when the pid file is lost. */
export function ownEngine(paths: Paths): ProcessId | undefined {
  return ownProcess(engineFiles(paths).pidFile, (argv) => runsOn(argv, paths.engineData));
}

/** Whether this is the command line of a dockerd with that data root, whatever its version. */
export function runsOn([program = "", ...options]: string[], engineData: string): boolean {
  return /(^|\/)dockerd(-[0-9.]+)?$/.test(program) && options.includes(`--data-root=${engineData}`);
}

/**
 * An engine that answers: the one that runs already, whoever started it, or one of our own with its data below
 * the cache folder.
 * @throws {StackError} with a hint when there is none and none can be started.
 */
export async function ensureEngine(
  context: EngineContext,
): Promise<{ docker: Docker; ours: boolean }> {
  const { paths, step } = context;
  const docker = engineClient();
  const answers = await engineAnswers(docker);
  if (answers === "yes") {
    await ensureClient(step);
    const ours = ownEngine(paths) !== undefined;
    if (ours) await installRuntime(paths); // that of this work tree, whichever started the engine
    const version = await versionOf(docker);
    step.done(ours ? `${version}, already running` : `${version}, which runs on this machine`);
    return { docker, ours };
  }
  if (answers === "forbidden") {
    throw new UsageError(`Could not talk to the Docker Engine at ${SOCKET}: permission denied`, {
      hint: 'Run this as root, or add your user to the group "docker" and log in again',
    });
  }
  const left = ownEngine(paths);
  if (left !== undefined) { // started a moment ago, or stuck
    step.update("waiting for the engine of an earlier start");
    const up = await waitFor(async () => await engineAnswers(docker) === "yes", {
      what: "the engine of an earlier start",
      timeoutMs: 15_000,
    }).catch(() => false);
    if (up) {
      step.done(`${await versionOf(docker)}, already running`);
      return { docker, ours: true };
    }
    await stopProcess(left, { graceMs: STOP_MS });
  }
  if (!isRoot()) {
    throw new UsageError("Could not start a Docker Engine: this needs root", {
      hint: 'Start Docker (e.g. "sudo systemctl start docker") or run this as root',
    });
  }
  const program = await ensureEngineProgram(context);
  await ensureClient(step);
  await start(paths, { docker, step, command: engineCommand(paths, program) });
  step.done(await versionOf(docker));
  return { docker, ours: true };
}

/** What people are told: an engine that has been running for long need not be the one that would be started. */
async function versionOf(docker: Docker): Promise<string> {
  return `version ${(await docker.version()).Version}`;
}

/** The command `docker`, which newer Debians have in a package of its own. */
async function ensureClient(step: Step): Promise<void> {
  if (await onPath("docker") !== undefined) return;
  const why = "Docker's command line";
  await installPackages(["docker-cli"], { why, step }).catch(() =>
    installPackages(["docker.io"], { why, step })
  );
}

async function start(
  paths: Paths,
  { docker, step, command }: { docker: Docker; step: Step; command: string[] },
): Promise<void> {
  const files = engineFiles(paths);
  await clearLeftovers(paths);
  await noteHost(paths);
  for (const path of [paths.engineData, files.execRoot]) await Deno.mkdir(path, { recursive: true });
  step.update("starting dockerd");
  await installRuntime(paths);
  const before = systemClock.now();
  const env = { CCCI_DENO: Deno.execPath() };
  const id = await startDetached(command, { cwd: "/", env, log: files.log, pidFile: files.pidFile });
  await waitFor(async () => {
    if (runningProcess(files.pidFile)?.pid !== id.pid) {
      throw new StackError(`Could not start dockerd: it ended after ${systemClock.now() - before} ms`, {
        hint: `Its log: ${files.log}\n${await lastLines(files.log)}`,
      });
    }
    return await engineAnswers(docker) === "yes";
  }, { what: "the Docker Engine to answer", timeoutMs: START_MS, everyMs: 100 });
}

/** @param program what starts it, and options of that program's own */
function engineCommand(paths: Paths, program: string[]): string[] {
  return [
    ...program,
    `--data-root=${paths.engineData}`,
    `--exec-root=${engineFiles(paths).execRoot}`,
    `--pidfile=${join(paths.state, "dockerd.pid")}`,
    `--host=unix://${SOCKET}`,
    `--label=${OURS}=${paths.cache}`,
    `--add-runtime=cc-ci=${join(runtimeFolder(paths), "runtime.sh")}`,
    "--default-runtime=cc-ci",
    "--log-opt=max-size=10m",
    "--log-opt=max-file=3",
  ];
}

function runtimeFolder(paths: Paths): string {
  return join(paths.state, "floor");
}

/**
 * Puts the runtime that gives every container of a run its limits where it stays as long as the engine does: the work
 * tree that it comes from may go before.
 */
async function installRuntime(paths: Paths): Promise<void> {
  const folder = runtimeFolder(paths);
  await Deno.mkdir(folder, { recursive: true });
  for (const name of FLOOR_FILES) {
    const path = join(folder, name);
    await Deno.copyFile(join(paths.repo, "harness", "floor", name), `${path}.new`);
    await Deno.rename(`${path}.new`, path); // a container may be starting by the old one
  }
}

/**
 * Removes what dockerds that died left behind: their pid files, which keep a new one from starting, and their
 * containers, which live on. Engines of stacks with another cache count as well: while their network namespaces are
 * mounted, the kernel refuses a new engine's VXLAN interfaces ("file exists"), and no task with an overlay network
 * starts.
 */
async function clearLeftovers(paths: Paths): Promise<void> {
  await clearDeadEngine(paths);
  for (const cache of cachesWithEngineMounts(await Deno.readTextFile("/proc/self/mounts"))) {
    const other = pathsBelow(cache);
    if (cache !== paths.cache && ownEngine(other) === undefined) await clearDeadEngine(other);
  }
}

/** Reads from the table of mounts the cache folders of the stacks whose engines have network namespaces mounted. */
export function cachesWithEngineMounts(mounts: string): string[] {
  const caches = mountPoints(mounts).map((point) =>
    /^(.+)\/state\/docker-exec\/netns\/[^/]+$/.exec(point)?.[1]
  );
  return [...new Set(caches.filter((cache) => cache !== undefined))];
}

async function clearDeadEngine(paths: Paths): Promise<void> {
  await Deno.remove(join(paths.state, "dockerd.pid")).catch(() => {});
  const root = engineFiles(paths).execRoot;
  const orphans = findProcesses((argv) => argv.some((word) => word.startsWith(`${root}/containerd`)));
  const inside = orphans.flatMap(descendantsOf);
  for (const id of [...orphans, ...inside]) await stopProcess(id, { graceMs: 2_000 });
  await unmountBelow([root, paths.engineData]);
}

/**
 * Ends our engine and starts it again, as an upgrade of Docker would; all it holds is there again afterwards.
 * @throws {StackError} when the one that answers is not ours
 */
export async function restartEngine(paths: Paths, step: Step): Promise<void> {
  const running = ownEngine(paths);
  if (running === undefined) throw new StackError("Could not restart the Docker Engine: it is not ours");
  const command = commandLine(running.pid);
  await stopProcess(running, { graceMs: STOP_MS });
  await start(paths, { docker: engineClient(), step, command });
}

/** Whether an engine of ours died here without being stopped: what it ran is still on its data root. */
export async function engineDied(paths: Paths): Promise<boolean> {
  return ownEngine(paths) === undefined && await exists(engineFiles(paths).execRoot);
}

/**
 * Ends our engine and puts the machine back to how it was before it. The data root stays as a cache of images. Does
 * nothing to an engine that we did not start.
 */
export async function stopEngine(paths: Paths): Promise<boolean> {
  const stopped = await stopProcess(ownEngine(paths), { graceMs: STOP_MS });
  if (!stopped && !await exists(engineFiles(paths).execRoot)) return false;
  await clearLeftovers(paths);
  if (await engineAnswers(engineClient()) === "no") {
    await Deno.remove(SOCKET).catch(() => {});
    // Only images are worth keeping; a network or node that could not be removed must not come back.
    for (const folder of ["network", "swarm"]) {
      await Deno.remove(join(paths.engineData, folder), { recursive: true }).catch(() => {});
    }
    await restoreHost(paths);
    await Deno.remove(FLOOR, { recursive: true }).catch(() => {}); // no engine reads it any more
  }
  return stopped;
}

/** Network namespaces and layers that a killed engine left mounted, deepest first. */
async function unmountBelow(folders: string[]): Promise<void> {
  const mounts = mountPoints(await Deno.readTextFile("/proc/self/mounts"))
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)))
    .sort((a, b) => b.length - a.length);
  for (const point of mounts) await runCommand(["umount", "--lazy", point]);
}

/** Second column of `/proc/self/mounts`, where blanks are written in octal. */
function mountPoints(mounts: string): string[] {
  return mounts.split("\n").map((line) => (line.split(" ")[1] ?? "").replaceAll("\\040", " "));
}

async function lastLines(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.trim().split("\n").slice(-5).join("\n");
}

import { basename, join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exec } from "../../common/exec.ts";
import { FileLock } from "../../common/file_lock.ts";
import { exists } from "../../common/files.ts";
import { formatSeconds } from "../../common/time.ts";
import { StackError } from "./errors.ts";
import { onPath } from "./host.ts";
import type { Paths } from "./paths.ts";
import { findProcesses, parentCommand, type ProcessId, stopProcess } from "./process.ts";
import type { Step } from "./progress.ts";

const BUILD_MS = 3_600_000;
const ALIVE_MS = 60_000;

/** A line in which "go build -v" names the package it compiles. */
const PACKAGE = /^[\w.~-]+(\/[\w.~-]+)+$/;

export interface BuildOptions {
  /** As people read it. */
  name: string;
  /** The script, the version, where what it makes is to lie, and what else the script takes. */
  argv: string[];
  paths: Paths;
  step: Step;
  /** How long this takes as a rule. */
  usually: string;
  env?: Record<string, string>;
  /** Abort ends the build. */
  signal: AbortSignal;
}

/**
 * Runs a build script at low priority; its output goes to a log below the cache folder, its last line to the step.
 * Whoever wants the same at the same time waits, and finds it made.
 * @throws {StackError} with the log's end.
 */
export async function buildProgram(options: BuildOptions): Promise<void> {
  const { name, step, paths } = options;
  if (await onPath("go") === undefined) {
    throw new UsageError(`Could not build ${name}: no Go on PATH`, {
      hint: "Install Go (https://go.dev/doc/install, or the Debian package golang) and start again",
    });
  }
  using _kept = await keepFolders(paths, options.signal);
  await Deno.mkdir(paths.build, { recursive: true });
  const [script = "", , made = ""] = options.argv;
  using _turn = await FileLock.wait(join(paths.build, `${basename(made)}.lock`), options.signal);
  if (await exists(made)) return;
  await stopBuilds(paths, script);
  const log = join(paths.build, `${name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-")}.log`);
  const scratch = join(paths.build, "tmp");
  await Deno.mkdir(scratch, { recursive: true });
  const file = await Deno.open(log, { write: true, create: true, truncate: true });
  let doing = `${options.usually} the first time`;
  step.update(doing);
  // A compiler may be silent for minutes: its last line is shown again, so that people see that it still works.
  const alive = setInterval(() => step.update(doing), ALIVE_MS);
  const decoder = new TextDecoder();
  try {
    const result = await exec(["nice", "-n", "5", ...options.argv], {
      env: { ...goEnvironment(paths), GOTMPDIR: scratch, ...options.env },
      timeoutMs: BUILD_MS,
      signal: options.signal,
      onOutput(chunk) {
        file.writeSync(chunk);
        const line = decoder.decode(chunk, { stream: true }).trim().split("\n").pop();
        if (!line) return;
        const what = PACKAGE.test(line) ? `compiling ${line}` : line.replace(/^go: /, "");
        doing = `${options.usually} the first time · ${what.slice(0, 60)}`;
        step.update(doing);
      },
    });
    options.signal.throwIfAborted();
    if (!result.success) {
      const lines = (result.stderr.trim() || result.stdout.trim()).split("\n");
      const said = lines.filter((line) => !PACKAGE.test(line)).slice(-6).join("\n");
      throw new StackError(
        `Could not build ${name}${result.timedOut ? ` within ${formatSeconds(BUILD_MS)}` : ""}`,
        {
          hint: `${said}\nThe whole log: ${log}`,
        },
      );
    }
  } finally {
    clearInterval(alive);
    file.close();
  }
}

const GO_FLAGS = [
  "-buildvcs=false",
  // Names each package before it is compiled, for whoever waits.
  "-v",
  // Modules are stored read-only otherwise, and could not be removed again by anybody but root.
  "-modcacherw",
  // Nobody debugs these programs, and without debug data a build is an eighth shorter. All builds have equal flags and
  // no paths in what they make, so that they share compiled packages.
  "-trimpath",
  "-gcflags=all=-dwarf=false",
];

/** Go's caches lie below our cache folder, unless the user's environment names a place for them. */
function goEnvironment(paths: Paths): Record<string, string> {
  const { modules, objects } = goCaches(paths);
  return {
    GOMODCACHE: Deno.env.get("GOMODCACHE") || modules,
    GOCACHE: Deno.env.get("GOCACHE") || objects,
    GOFLAGS: [Deno.env.get("GOFLAGS"), ...GO_FLAGS].filter(Boolean).join(" "),
    CGO_CFLAGS: Deno.env.get("CGO_CFLAGS") || "-O1 -g0",
  };
}

function goCaches(paths: Paths) {
  return { modules: join(paths.buildCaches, "modules"), objects: join(paths.buildCaches, "objects") };
}

/**
 * Keeps folders of builds from being removed until the answer is disposed of: who begins one has no process by which
 * others could tell yet. Waits while they are being removed.
 * @throws the signal's reason
 */
async function keepFolders({ cache }: Paths, signal: AbortSignal): Promise<Disposable> {
  await Deno.mkdir(cache, { recursive: true });
  return await FileLock.waitFolder(cache, { how: "shared", signal });
}

/** Removes the gigabytes of caches that builds leave. While any build goes on they stay. */
export async function dropBuildCaches(paths: Paths): Promise<void> {
  await drop(paths, [paths.buildCaches, paths.build]);
}

/** Ends builds that outlived their starter: of one script, or all of this cache. */
export async function stopBuilds(paths: Paths, script?: string): Promise<void> {
  for (const id of findBuilds(paths, script)) {
    // A process whose parent is gone gets another one, which is no Deno.
    if (basename(parentCommand(id)[0] ?? "") === "deno") continue;
    await stopProcess(id, { graceMs: 2_000, group: true });
  }
}

/** Removes what builds that are over left of their sources. */
export async function dropBuildScratch(paths: Paths): Promise<void> {
  await drop(paths, [paths.build]);
}

/** Removes folders of builds, unless somebody builds something, or one goes on whose starter is gone. */
async function drop(paths: Paths, folders: readonly string[]): Promise<void> {
  if (!await exists(paths.cache)) return;
  using lock = await FileLock.takeFolder(paths.cache, "alone");
  if (lock === null || findBuilds(paths).length > 0) return;
  for (const folder of folders) await Deno.remove(folder, { recursive: true }).catch(() => {});
}

function findBuilds(paths: Paths, script?: string): ProcessId[] {
  const scripts = join(paths.repo, "local") + "/";
  return findProcesses((argv) =>
    argv.some((word) =>
      script === undefined ? word.startsWith(scripts) && word.endsWith(".sh") : word === script
    ) &&
    argv.some((word) => word.startsWith(`${paths.cache}/`))
  );
}

import { join } from "node:path";
import { UsageError } from "../common/errors.ts";
import { exec, type ExecResult } from "../common/exec.ts";
import { formatSeconds } from "../common/time.ts";
import { StackError } from "./errors.ts";
import { onPath } from "./host.ts";
import type { Paths } from "./paths.ts";
import { findProcesses, stopProcess } from "./process.ts";
import type { Step } from "./progress.ts";

const BUILD_MS = 3_600_000;

export interface BuildOptions {
  /** As people read it. */
  name: string;
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
 * @throws {StackError} with the log's end.
 */
export async function buildProgram(options: BuildOptions): Promise<ExecResult> {
  const { name, step, paths } = options;
  if (await onPath("go") === undefined) {
    throw new UsageError(`Could not build ${name}: no Go on PATH`, {
      hint: "Install Go (https://go.dev/doc/install, or the Debian package golang) and start again",
    });
  }
  await stopBuilds(paths, options.argv[0]);
  await Deno.mkdir(paths.build, { recursive: true });
  const log = join(paths.build, `${name.toLowerCase().replaceAll(" ", "-")}.log`);
  const file = await Deno.open(log, { write: true, create: true, truncate: true });
  step.update(`building it, ${options.usually} the first time`);
  const decoder = new TextDecoder();
  try {
    const result = await exec(["nice", "-n", "5", ...options.argv], {
      env: { GOFLAGS: "-buildvcs=false", ...options.env },
      timeoutMs: BUILD_MS,
      signal: options.signal,
      onOutput(chunk) {
        file.writeSync(chunk);
        const line = decoder.decode(chunk, { stream: true }).trim().split("\n").pop();
        if (line) step.update(`building it, ${options.usually} the first time · ${line.slice(0, 70)}`);
      },
    });
    options.signal.throwIfAborted();
    if (!result.success) {
      const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-6).join("\n");
      throw new StackError(
        `Could not build ${name}${result.timedOut ? ` within ${formatSeconds(BUILD_MS)}` : ""}`,
        {
          hint: `${said}\nThe whole log: ${log}`,
        },
      );
    }
    return result;
  } finally {
    file.close();
  }
}

/** Ends builds that outlived their starter: of one script, or all of this cache. */
export async function stopBuilds(paths: Paths, script?: string): Promise<void> {
  const builds = findProcesses((argv) =>
    argv.some((word) => word.startsWith(`${paths.build}/`)) && (script === undefined || argv.includes(script))
  );
  for (const id of builds) await stopProcess(id, { graceMs: 2_000, group: true });
}

import { dirname, join } from "node:path";
import { startCommand } from "../programs/start.ts";
import { ingressFetch } from "../common/ingress.ts";
import { runCommand, runCommandOk } from "../common/command.ts";
import { waitFor } from "../common/time.ts";
import type { RunResult } from "../protocol/result.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureImages } from "../local/images/mod.ts";
import { ensureStack, type Stack } from "../local/stack/stack.ts";

const root = new URL("..", import.meta.url).pathname;

/** How a harness started by a test ended. */
export interface Ended {
  code: number;
  /** The JSON object on the last line of standard output, if there is one. */
  result: RunResult | undefined;
  stdout: string;
  stderr: string;
}

let prepared: Promise<Stack> | undefined;

/**
 * What runs of the quick fixture recipe stand on, its images included; all of it stays up from test to test. Forge,
 * dashboard and bridge are left alone: another test may be killing them.
 */
export function stackForRuns(): Promise<Stack> {
  return prepared ??= prepare();
}

async function prepare(): Promise<Stack> {
  const stack = await ensureStack({ progress: silentProgress, parts: ["traefik", "backup-bot"] });
  await ensureImages("custom-html", {
    progress: silentProgress,
    cache: stack.cache,
    engineIsOurs: stack.engineIsOurs,
  });
  return stack;
}

/** A `fetch` that trusts the stack's certificate. */
export async function stackFetch(stack: Stack): Promise<typeof fetch> {
  return ingressFetch({
    address: stack.env.CCCI_INGRESS ?? "127.0.0.1:443",
    ca: await Deno.readTextFile(stack.env.CCCI_CA_FILE ?? ""),
  });
}

export interface RunOptions {
  /** Folder for its runs. */
  runs: string;
  args: string[];
  env?: Record<string, string>;
  /** Start it as people do. @default the harness itself */
  byLauncher?: boolean;
}

/** The harness in the form in which the stack has it. */
export const HARNESS = startCommand("harness", { home: pathsFromEnvironment().programs, smallHeap: true });
const LAUNCHER = [`${root}cc-ci`] as const;

/**
 * Has the runs of all tests remember together in which enrolled tests no mistake was found, as the runs of a host do: each
 * look at their types takes 3 s of a processor.
 */
function rememberTogether(runs: string): void {
  const shared = join(pathsFromEnvironment().cache, "faultless-tests");
  const own = join(runs, ".cache", "faultless-tests");
  Deno.mkdirSync(shared, { recursive: true, mode: 0o700 });
  Deno.mkdirSync(dirname(own), { recursive: true });
  try {
    Deno.symlinkSync(shared, own);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** A running `run-recipe`, with a folder for its runs that no other test uses. */
export class HarnessRun implements AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #runs: string;
  readonly #child: Deno.ChildProcess;
  /** What it has said so far to people. */
  #said = "";

  constructor(stack: Stack, options: RunOptions) {
    this.#runs = options.runs;
    rememberTogether(options.runs);
    const [program, ...args] = options.byLauncher === true ? LAUNCHER : HARNESS;
    this.#child = new Deno.Command(program, {
      args: [...args, "run-recipe", "--json", ...options.args],
      cwd: root,
      env: { ...stack.env, ...options.env, CCCI_RUNS: options.runs },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.ended = Promise.all([
      this.#child.status,
      new Response(this.#child.stdout).text(),
      this.#listen(this.#child.stderr),
    ]).then(([{ code }, text]) => {
      const last = text.trimEnd().split("\n").at(-1) ?? "";
      const said = last.startsWith("{") ? JSON.parse(last) : {};
      return {
        code,
        result: "stages" in said ? said : undefined, // no run took place
        stdout: text,
        stderr: this.#said,
      };
    });
  }

  async #listen(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stderr.pipeThrough(new TextDecoderStream())) this.#said += text;
  }

  /** The run folder, as soon as there is one. */
  folder(): Promise<string> {
    return waitFor(async () => {
      try {
        for await (const entry of Deno.readDir(this.#runs)) {
          if (entry.isDirectory && /^[a-z0-9]{6,24}-[0-9]+$/.test(entry.name)) {
            return `${this.#runs}/${entry.name}`;
          }
        }
      } catch { /* not made yet */ }
      return undefined;
    }, { what: "the run folder", timeoutMs: 300_000, everyMs: 50 }).catch((cause) => {
      throw new Error(`There is no run folder; so far it said:\n${this.#said}`, { cause });
    });
  }

  /** Process id of the run's keeper or worker. */
  async process(role: "keeper" | "worker"): Promise<number> {
    const folder = await this.folder();
    return await waitFor(async () => {
      for await (const entry of Deno.readDir("/proc")) {
        if (!/^\d+$/.test(entry.name)) continue;
        const args = (await Deno.readTextFile(`/proc/${entry.name}/cmdline`).catch(() => "")).split("\0");
        if (args.includes("run") && args.includes(role) && args.includes(folder)) return Number(entry.name);
      }
      return undefined;
    }, { what: `the ${role}`, timeoutMs: 60_000, everyMs: 50 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch { /* ended already */ }
    await this.ended;
  }
}

/** Runs the harness to its end. */
export async function runRecipe(
  stack: Stack,
  options: RunOptions,
): Promise<Ended> {
  await using run = new HarnessRun(stack, options);
  return await run.ended;
}

/** Removes what a run with `--keep` left up. @param folder of the run */
export async function removeKept(stack: Stack, folder: string): Promise<void> {
  await runCommandOk([...HARNESS, "remove", folder], { cwd: root, env: stack.env });
}

/** Ends a process the hard way. */
export async function sigkill(pid: number): Promise<void> {
  await runCommandOk(["kill", "-KILL", String(pid)]);
}

/** One pass of the janitor, as a timer calls it. */
export async function janitor(
  { stack, runs }: { stack: Stack; runs: string },
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
) {
  return await runCommand([...HARNESS, "janitor", ...args], {
    cwd: root,
    env: { ...stack.env, ...env, CCCI_RUNS: runs },
    timeoutMs: 600_000,
  });
}

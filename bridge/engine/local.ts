import { exists, readIfThere } from "../../common/files.ts";
import { join } from "node:path";
import { describeError } from "../../common/errors.ts";
import { killGroup } from "../../common/exec.ts";
import { FileLock } from "../../common/file_lock.ts";
import { type Clock, systemClock, waitFor, WaitTimeout } from "../../common/time.ts";
import { type RunParams, runParams } from "../../protocol/params.ts";
import { type Engine, type EngineState, outcomeOfExit, type StartAnswer } from "./engine.ts";

/**
 * Keeps watch over one run. Everything that differs from run to run arrives as arguments and environment. The lock
 * says that it is alive, `pid` that it was started, `exit` how it ended; the last two appear whole or not at all.
 * The harness does not inherit the lock, and is told when its keeper here dies.
 */
const script = `
folder=$1
shift
exec 9>"$folder/lock"
flock -w 10 9 || exit 0
[ -e "$folder/pid" ] && exit 0
echo "$$" >"$folder/pid.new" && mv "$folder/pid.new" "$folder/pid" || exit 70
trap : TERM INT HUP
setpriv --pdeathsig TERM -- "$@" >"$folder/output.log" 2>&1 </dev/null 9>&-
echo "$?" >"$folder/exit.new" && mv "$folder/exit.new" "$folder/exit"
`;

export interface LocalEngineOptions {
  /** Folder for what is noted about runs. */
  folder: string;
  /** The harness and its arguments; it reads the five parameters from its environment. */
  command: readonly string[];
  /** Its settings. It gets nothing else of the bridge's environment. */
  env: Readonly<Record<string, string>>;
  /** @default 1 */
  capacity?: number;
  clock?: Clock;
}

const startMs = 60_000;

/**
 * Starts runs as processes of their own on this machine. They live on when the bridge ends; whoever comes next knows
 * them by their folder.
 */
export class LocalEngine implements Engine {
  readonly name = "local";
  readonly capacity: number;
  readonly seesDeath = true;
  readonly #options: LocalEngineOptions;

  constructor(options: LocalEngineOptions) {
    this.#options = options;
    this.capacity = options.capacity ?? 1;
  }

  async start(params: RunParams): Promise<StartAnswer> {
    const checked = runParams.safeParse(params);
    if (!checked.success) {
      return { ok: false, kind: "refused", message: "A parameter of the run has a form that is not allowed" };
    }
    const folder = this.#folder(checked.data.RUN);
    try {
      await Deno.mkdir(folder, { recursive: true });
      if ((await this.state(checked.data.RUN)).kind !== "unknown") return { ok: true };
      // A session of its own: neither the bridge's end nor its terminal reaches it.
      const child = new Deno.Command("sh", {
        args: ["-c", script, "cc-ci-run", folder, ...this.#options.command],
        env: { ...this.#options.env, ...checked.data },
        clearEnv: true,
        stdin: "null",
        stdout: "null",
        stderr: "null",
        detached: true,
      }).spawn();
      child.unref();
      child.status.catch(() => {});
      await waitFor(() => exists(join(folder, "pid")), {
        what: `run "${params.RUN}" to start`,
        timeoutMs: startMs,
        everyMs: 20,
        clock: this.#options.clock ?? systemClock,
      });
      return { ok: true };
    } catch (error) {
      const told = error instanceof WaitTimeout ? "" : "Could not start the harness: ";
      return { ok: false, kind: "refused", message: told + describeError(error) };
    }
  }

  async state(run: string): Promise<EngineState> {
    const folder = this.#folder(run);
    try {
      const ended = await readEnd(folder);
      if (ended !== null) return ended;
      if (!await exists(join(folder, "pid"))) return { kind: "unknown" };
      if (await isLocked(join(folder, "lock"))) return { kind: "running" };
      return await readEnd(folder) ??
        { kind: "lost", cause: "The run's process disappeared without a result" };
    } catch (error) {
      return { kind: "away", message: describeError(error) };
    }
  }

  async cancel(run: string): Promise<void> {
    if ((await this.state(run)).kind !== "running") return;
    // The process that wrote this number holds the lock just seen: the number cannot have gone to another one.
    const pid = Number(await Deno.readTextFile(join(this.#folder(run), "pid")));
    if (Number.isInteger(pid) && pid > 1) await killGroup(pid, "TERM");
  }

  async problems(): Promise<string[]> {
    try {
      await Deno.mkdir(this.#options.folder, { recursive: true });
      return [];
    } catch (error) {
      return [`Could not make the folder for runs, check CCCI_STATE: ${describeError(error)}`];
    }
  }

  /** Removes what is noted about runs that ended before this time, milliseconds since the epoch. */
  async forget(before: number): Promise<void> {
    const { folder } = this.#options;
    await Deno.mkdir(folder, { recursive: true });
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory || !runParams.shape.RUN.safeParse(entry.name).success) continue;
      const { mtime } = await Deno.stat(path);
      if (mtime === null || mtime.getTime() >= before || await isLocked(join(path, "lock"))) continue;
      await Deno.remove(path, { recursive: true });
    }
  }

  #folder(run: string): string {
    return join(this.#options.folder, runParams.shape.RUN.parse(run));
  }
}

async function readEnd(folder: string): Promise<EngineState | null> {
  const text = await readIfThere(join(folder, "exit"));
  return text === null ? null : { kind: "ended", ...outcomeOfExit(Number(text)) };
}

async function isLocked(path: string): Promise<boolean> {
  using lock = await FileLock.take(path);
  return lock === null;
}

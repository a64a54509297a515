import { waitFor } from "../../common/time.ts";
import { Swarm } from "../../harness/swarm/swarm.ts";
import { ensureEngineProgram } from "../../local/docker/engine_program.ts";
import { pathsFromEnvironment } from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";
import { lockStack } from "../../local/stack/lock.ts";

/** A Docker Engine that this process has started, and that ends with it. */
export class EngineChild implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly #child: Deno.ChildProcess;

  private constructor(swarm: Swarm, child: Deno.ChildProcess) {
    this.swarm = swarm;
    this.#child = child;
  }

  /** Starts a command line that becomes an engine, and waits until it answers at its socket. */
  static async start(command: readonly string[], socket: string): Promise<EngineChild> {
    const child = new Deno.Command("setpriv", {
      args: ["--pdeathsig", "TERM", "--", ...command],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const engine = new EngineChild(new Swarm(socket), child);
    const answers = () => engine.swarm.version().then(() => true, () => false);
    try {
      await waitFor(answers, { what: "a Docker Engine", timeoutMs: 60_000, everyMs: 50 });
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
    await this.#child.status;
  }
}

let found: Promise<string[]> | undefined;

/** What starts the stack's engine as well. It is built where it has not been yet, which may take some minutes. */
export function engineProgram(): Promise<string[]> {
  return found ??= findEngineProgram();
}

async function findEngineProgram(): Promise<string[]> {
  const paths = pathsFromEnvironment();
  const { signal } = new AbortController();
  using _lock = await lockStack(paths, { progress: silentProgress, signal });
  const step = silentProgress.step("Docker Engine");
  return await ensureEngineProgram({ paths, step, progress: silentProgress, signal });
}

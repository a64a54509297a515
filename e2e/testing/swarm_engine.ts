import { join } from "node:path";
import { runCommandOk } from "../../common/command.ts";
import type { Swarm } from "../../harness/swarm/swarm.ts";
import { EngineChild, engineProgram } from "./engine_child.ts";

/**
 * Mounts and the network are the engine's own, so that it may publish ports and make networks beside the stack's engine,
 * and what it leaves goes with it. Its socket lies where containers look for Docker's.
 */
const START = `ip link set lo up
mount --make-rprivate /
mount --bind "$1/run" /run
folder=$1
shift
exec "$@" --data-root="$folder/data" --exec-root="$folder/exec" --pidfile="$folder/pid" --host=unix:///run/docker.sock
`;

/** A Docker Engine of its own that can have a Swarm. */
export class SwarmEngine implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly #engine: EngineChild;
  readonly #folder: string;

  private constructor(folder: string, engine: EngineChild) {
    this.#folder = folder;
    this.#engine = engine;
    this.swarm = engine.swarm;
  }

  static async start(folder: string): Promise<SwarmEngine> {
    const program = await engineProgram();
    await Deno.mkdir(join(folder, "run"), { recursive: true });
    const command = ["unshare", "--net", "--mount", "sh", "-c", START, "sh", folder, ...program];
    return new SwarmEngine(folder, await EngineChild.start(command, join(folder, "run", "docker.sock")));
  }

  /** A command line that runs where the engine publishes its ports. */
  inside(command: readonly string[]): string[] {
    const pid = Deno.readTextFileSync(join(this.#folder, "pid")).trim();
    return ["nsenter", "--target", pid, "--net", "--", ...command];
  }

  /** Calls the docker client of this machine for this engine. */
  async docker(...args: string[]): Promise<string> {
    return (await runCommandOk(["docker", "--host", `unix://${this.swarm.socket}`, ...args], {
      timeoutMs: 120_000,
    }))
      .stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}

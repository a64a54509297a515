import { join } from "node:path";
import { runCommandOk } from "../../common/command.ts";
import { waitFor } from "../../common/time.ts";
import { Swarm } from "../../harness/swarm/swarm.ts";
import { engineProgram } from "./pull_engine.ts";

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
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(folder: string, child: Deno.ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    this.swarm = new Swarm(join(folder, "run", "docker.sock"));
  }

  static async start(folder: string): Promise<SwarmEngine> {
    const program = await engineProgram();
    await Deno.mkdir(join(folder, "run"), { recursive: true });
    const child = new Deno.Command("setpriv", {
      args: [
        ...["--pdeathsig", "TERM", "--", "unshare", "--net", "--mount"],
        ...["sh", "-c", START, "sh", folder, ...program],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const engine = new SwarmEngine(folder, child);
    const answers = () => engine.swarm.version().then(() => true, () => false);
    try {
      await waitFor(answers, { what: "a Docker Engine", timeoutMs: 60_000, everyMs: 50 });
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
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
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
    await this.#child.status;
  }
}

import { join } from "node:path";
import { waitFor } from "../../common/time.ts";
import { runCommandOk } from "../../common/command.ts";
import { Swarm } from "../../harness/swarm/swarm.ts";
import { ensureEngineProgram } from "../../local/docker/engine_program.ts";
import { pathsFromEnvironment } from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";
import { lockStack } from "../../local/stack/lock.ts";

export interface EngineOptions {
  /** Folder for its data and its socket. */
  folder: string;
  /** `host:port` of a registry that it asks in place of Docker Hub. */
  mirror?: string;
  /** Megabytes that it may store; unset: as much as the disk holds. */
  room?: number;
}

/**
 * A Docker Engine of its own that pulls and does nothing else. Another engine may run beside it: this one has a bridge
 * of its own, since an engine without any removes `docker0`, whoever that belongs to.
 */
export class PullEngine implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly #child: Deno.ChildProcess;
  readonly bridge: string;
  readonly #data: string | null;

  private constructor(
    swarm: Swarm,
    started: { child: Deno.ChildProcess; bridge: string; data: string | null },
  ) {
    this.swarm = swarm;
    this.#child = started.child;
    this.bridge = started.bridge;
    this.#data = started.data;
  }

  static async start({ folder, mirror, room }: EngineOptions): Promise<PullEngine> {
    const at = await Deno.makeTempDir({ dir: folder, prefix: "engine-" });
    const [data, socket] = [join(at, "data"), join(at, "socket")];
    await Deno.mkdir(data);
    if (room !== undefined) {
      await runCommandOk(["mount", "-t", "tmpfs", "-o", `size=${room}m`, "cc-ci-test", data]);
    }
    const program = await engineProgram();
    const bridge = await makeBridge();
    const child = new Deno.Command("setpriv", {
      args: [
        ...["--pdeathsig", "TERM", "--", ...program],
        ...[`--data-root=${data}`, `--exec-root=${join(at, "exec")}`, `--pidfile=${join(at, "pid")}`],
        ...[`--host=unix://${socket}`, `--bridge=${bridge}`, "--iptables=false", "--ip6tables=false"],
        "--ip-forward=false",
        ...(mirror === undefined ? [] : [`--registry-mirror=http://${mirror}`]),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const swarm = new Swarm(socket);
    const engine = new PullEngine(swarm, { child, bridge, data: room === undefined ? null : data });
    const answers = () => swarm.version().then(() => true, () => false);
    try {
      await waitFor(answers, { what: "a Docker Engine", timeoutMs: 60_000, everyMs: 50 });
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Names of all images that it has, and of what pulls have left half done. */
  async images(): Promise<string[]> {
    const listed = await this.swarm.docker.listImages({ all: true });
    return listed.flatMap(({ RepoTags, Id }) => RepoTags ?? [Id]).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
    await this.#child.status;
    await runCommandOk(["ip", "link", "delete", this.bridge]);
    if (this.#data !== null) await runCommandOk(["umount", this.#data]);
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
  await using _lock = await lockStack(paths, { progress: silentProgress, signal });
  const step = silentProgress.step("Docker Engine");
  return await ensureEngineProgram({ paths, step, progress: silentProgress, signal });
}

/** A bridge to which nothing is connected. Its address is one of those for examples, so it stands in nobody's way. */
async function makeBridge(): Promise<string> {
  const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
  const number = random % 64;
  const name = `ccci-pull${number}`;
  await runCommandOk(["ip", "link", "add", name, "type", "bridge"]);
  await runCommandOk(["ip", "address", "add", `198.51.100.${4 * number + 1}/30`, "dev", name]);
  return name;
}

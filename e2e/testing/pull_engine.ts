import { join } from "node:path";
import { waitFor } from "../../common/time.ts";
import { runCommandOk } from "../../common/command.ts";
import { Swarm } from "../../harness/swarm/swarm.ts";

export interface EngineOptions {
  /** Folder for its data and its socket. */
  folder: string;
  /** `host:port` of a registry that it asks in place of Docker Hub. */
  mirror?: string;
  /** Megabytes that it may store; unset: as much as the disk holds. */
  room?: number;
}

/**
 * A Docker Engine of its own that can pull and do nothing else: it has no network, so it changes nothing on this
 * machine and another engine may run beside it.
 */
export class PullEngine implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly #child: Deno.ChildProcess;
  readonly #data: string | null;

  private constructor(swarm: Swarm, started: { child: Deno.ChildProcess; data: string | null }) {
    this.swarm = swarm;
    this.#child = started.child;
    this.#data = started.data;
  }

  static async start({ folder, mirror, room }: EngineOptions): Promise<PullEngine> {
    const at = await Deno.makeTempDir({ dir: folder, prefix: "engine-" });
    const [data, socket] = [join(at, "data"), join(at, "socket")];
    await Deno.mkdir(data);
    if (room !== undefined) {
      await runCommandOk(["mount", "-t", "tmpfs", "-o", `size=${room}m`, "cc-ci-test", data]);
    }
    const child = new Deno.Command("setpriv", {
      args: [
        ...["--pdeathsig", "TERM", "--", "dockerd"],
        ...[`--data-root=${data}`, `--exec-root=${join(at, "exec")}`, `--pidfile=${join(at, "pid")}`],
        ...[`--host=unix://${socket}`, "--bridge=none", "--iptables=false", "--ip6tables=false"],
        "--ip-forward=false",
        ...(mirror === undefined ? [] : [`--registry-mirror=http://${mirror}`]),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const swarm = new Swarm(socket);
    const engine = new PullEngine(swarm, { child, data: room === undefined ? null : data });
    const answers = () => swarm.version().then(() => true, () => false);
    await waitFor(answers, { what: "a Docker Engine", timeoutMs: 60_000, everyMs: 50 });
    return engine;
  }

  /** Names of all images that it has, and of what pulls have left half done. */
  async images(): Promise<string[]> {
    const listed = await this.swarm.docker.listImages({ all: true });
    return listed.flatMap(({ RepoTags, Id }) => RepoTags ?? [Id]).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    if (this.#data !== null) await runCommandOk(["umount", this.#data]);
  }
}

import { join } from "node:path";
import { runCommand, runCommandOk } from "../../common/command.ts";
import { okOnly } from "../../common/exec.ts";
import type { Swarm } from "../../harness/swarm/swarm.ts";
import { EngineChild, engineProgram } from "./engine_child.ts";

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
  readonly bridge: string;
  readonly #made: AsyncDisposableStack;

  private constructor(swarm: Swarm, { bridge, made }: { bridge: string; made: AsyncDisposableStack }) {
    this.swarm = swarm;
    this.bridge = bridge;
    this.#made = made;
  }

  static async start({ folder, mirror, room }: EngineOptions): Promise<PullEngine> {
    const at = await Deno.makeTempDir({ dir: folder, prefix: "engine-" });
    const [data, socket] = [join(at, "data"), join(at, "socket")];
    await using made = new AsyncDisposableStack();
    await Deno.mkdir(data);
    if (room !== undefined) {
      await runCommandOk(["mount", "-t", "tmpfs", "-o", `size=${room}m`, "cc-ci-test", data]);
      made.defer(async () => void await runCommandOk(["umount", data]));
    }
    const program = await engineProgram();
    const bridge = await makeBridge();
    made.defer(async () => void await runCommandOk(["ip", "link", "delete", bridge]));
    const command = [
      ...program,
      ...[`--data-root=${data}`, `--exec-root=${join(at, "exec")}`, `--pidfile=${join(at, "pid")}`],
      ...[`--host=unix://${socket}`, `--bridge=${bridge}`, "--iptables=false", "--ip6tables=false"],
      "--ip-forward=false",
      ...(mirror === undefined ? [] : [`--registry-mirror=http://${mirror}`]),
    ];
    const { swarm } = made.use(await EngineChild.start(command, socket));
    return new PullEngine(swarm, { bridge, made: made.move() });
  }

  /** Names of all images that it has, and of what pulls have left half done. */
  async images(): Promise<string[]> {
    const listed = await this.swarm.docker.listImages({ all: true });
    return listed.flatMap(({ RepoTags, Id }) => RepoTags ?? [Id]).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made.disposeAsync();
  }
}

/**
 * A bridge to which nothing is connected. Its address is one of those for examples, so it stands in nobody's way. Another
 * test may have one of them now, or have left it.
 */
async function makeBridge(): Promise<string> {
  for (let number = 0;; number++) {
    const name = `ccci-pull${number}`;
    const added = await runCommand(["ip", "link", "add", name, "type", "bridge"]);
    if (!added.success && /File exists/.test(added.stderr) && number < 63) continue;
    okOnly(added, {});
    await runCommandOk(["ip", "address", "add", `198.51.100.${4 * number + 1}/30`, "dev", name]);
    return name;
  }
}

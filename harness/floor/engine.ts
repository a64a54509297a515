import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { fromFileUrl } from "../../common/files.ts";
import { exec } from "../../common/exec.ts";
import { ownHome } from "../../programs/start.ts";
import { InfraFailure } from "../run/stage.ts";
import { Swarm } from "../swarm/swarm.ts";

/** How the engine calls the runtime that gives every container of a run its limits. */
const RUNTIME = "cc-ci";
const CHECK_MS = 10_000;

/** What an engine's configuration (`/etc/docker/daemon.json`) has to say for it to have the floor. */
export function engineConfiguration(runtime = ownRuntime()) {
  return {
    runtimes: { [RUNTIME]: { path: runtime } },
    "default-runtime": RUNTIME,
    "log-driver": "json-file",
    "log-opts": { "max-size": "10m", "max-file": "3" },
  };
}

/** Path of the runtime that came with this program. @throws {UsageError} when that is a binary, beside which nothing lies */
function ownRuntime(home = ownHome()): string {
  if (home.form === "source") return fromFileUrl(import.meta.resolve("./runtime.sh"));
  if (home.form === "bundle") return join(home.folder, "floor", "runtime.sh");
  throw new UsageError(
    "Could not say where the runtime of the floor lies: this program is one file by itself",
    {
      hint: 'It is "floor/runtime.sh" in the folder of the bundles that this program was made of.',
    },
  );
}

/** A Docker Engine that is asked about itself. */
export type Engine = Pick<Swarm, "info">;

/** The one that answers at a socket. */
export function engineAt(socket: string): Engine {
  return new Swarm(socket);
}

/** @returns what keeps this engine from having the floor, as a sentence; null when nothing does */
export async function floorTrouble(swarm: Engine): Promise<string | null> {
  const { DefaultRuntime: name, Runtimes: runtimes } = await swarm.info();
  return await runtimeTrouble(runtimes[name]?.path ?? name);
}

/** @returns what keeps containers that are started by this program from having the floor; null when nothing does */
export async function runtimeTrouble(path: string): Promise<string | null> {
  if (!path.startsWith("/")) return `Docker starts containers by "${path}", which gives them no limits`;
  const asked = await exec([path, "--ccci-floor"], { timeoutMs: CHECK_MS }).catch(() => null);
  if (asked === null) return `Docker starts containers by "${path}", which cannot be started from here`;
  if (answersAsFloor(asked.stdout)) return null;
  const why = asked.stderr.trim().split("\n").at(-1) ?? "";
  return `Docker starts containers by "${path}", which gives them no limits${why === "" ? "" : `: ${why}`}`;
}

function answersAsFloor(text: string): boolean {
  try {
    return JSON.parse(text).floor === 2;
  } catch {
    return false;
  }
}

/**
 * Sees that containers of a run will have limits.
 * @param trouble what {@linkcode floorTrouble} found
 * @param options.required no run without
 * @param options.announce is told of what is missing where that is not required
 * @throws {InfraFailure}
 */
export function requireFloor(
  trouble: string | null,
  options: { required: boolean; announce: (text: string) => void },
): void {
  if (trouble === null) return;
  if (!options.required) {
    options.announce(`${trouble}. "harness floor" says how they get some`);
    return;
  }
  throw new InfraFailure(
    `This host may not run anything: ${trouble}. "harness floor" says how they get some`,
  );
}

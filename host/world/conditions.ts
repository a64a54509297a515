import { dirname } from "node:path";
import { describeError } from "../../common/errors.ts";
import { pollUntil } from "../../common/time.ts";
import type { Abra } from "../../harness/abra/abra.ts";
import { strangeVersion } from "../../harness/abra/version.ts";
import { freeBytes } from "../../harness/run/disk.ts";
import type { Swarm } from "../../harness/swarm/swarm.ts";
import { HostError } from "../errors.ts";

const CALL_MS = 10_000;

/** What is to be said against this abra; nothing where the settings name its version. */
export async function strangeAbra(
  abra: Abra,
  { trustAbra }: { trustAbra?: string | undefined },
): Promise<string | null> {
  const { version } = await abra.probe();
  return version === trustAbra ? null : strangeVersion(version);
}

/** Milliseconds that containers of a service that was removed may take to end. */
const ENDING_MS = 60_000;

/** Those of the ports on which others listen; containers of the stack that are ending are waited for. */
export async function takenByOthers(
  ports: readonly number[],
  { swarm, stack, hostname, signal }: {
    swarm: Swarm;
    stack: string;
    hostname: string | undefined;
    signal: AbortSignal;
  },
): Promise<number[]> {
  return await pollUntil<number[]>(async () => {
    const containers = await swarm.containers(stack);
    const taken = takenPorts(ports, hostname);
    const ending = containers.some(({ State }) => ["running", "removing", "stopping"].includes(State));
    return taken.length === 0 || !ending ? { done: taken } : { missing: taken.join() };
  }, {
    everyMs: 250,
    signal,
    limit: {
      ms: ENDING_MS,
      error: (missing) =>
        new HostError("not yet", `A container that is ending has port ${missing}`, {
          hint: `Look at "docker ps"; start again once it has ended.`,
        }),
    },
  });
}

/**
 * Those of the ports on which somebody listens, so that nobody else can.
 * @throws {HostError} wrong, when this host does not have the address
 */
export function takenPorts(ports: readonly number[], hostname = "0.0.0.0"): number[] {
  return ports.filter((port) => {
    try {
      Deno.listen({ hostname, port }).close();
      return false;
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return true;
      if (!(error instanceof Deno.errors.AddrNotAvailable)) throw error;
      throw new HostError(
        "wrong",
        `This host does not have the address ${hostname}, on which ports are to be published`,
        {
          hint: 'Set "gateway.publish" to an address that "ip address" shows, or leave it out.',
          cause: error,
        },
      );
    }
  });
}

/** Why a forge does not answer; any answer of its is one. */
export async function forgeTrouble(url: string, fetch: typeof globalThis.fetch): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(CALL_MS) });
    await answer.body?.cancel();
    return answer.status >= 500 ? `it answers ${answer.status}` : null;
  } catch (error) {
    return describeError(error);
  }
}

/** Free bytes at a path, or at the nearest folder above it that is there. */
export async function freeAt(path: string): Promise<number> {
  return await freeBytes(path) ?? (path === "/" ? 0 : await freeAt(dirname(path)));
}

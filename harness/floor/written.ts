import { join } from "node:path";
import * as z from "zod";
import { exec } from "../../common/exec.ts";
import { container } from "../swarm/schema.ts";
import { STACK_LABEL, type Swarm } from "../swarm/swarm.ts";

/** A tree that takes longer to add up has very many files. */
const ADD_UP_MS = 20_000;
const sized = z.array(container.extend({ SizeRw: z.number().default(0) }));

/**
 * Bytes that an app takes up on the disk: in volumes, in writable layers and in logs, those of containers that have
 * ended included. Null where we may not look, or adding up takes too long.
 * @param root Docker's own folder
 */
export async function writtenBytes(
  swarm: Swarm,
  app: { stack: string; root: string },
): Promise<number | null> {
  const filter = {
    all: true,
    size: true,
    filters: JSON.stringify({ label: [`${STACK_LABEL}=${app.stack}`] }),
  };
  const containers = await swarm.ask("measure containers", () => swarm.docker.listContainers(filter), sized);
  const layers = containers.reduce((sum, { SizeRw }) => sum + SizeRw, 0);
  const folders = new Set(containers.flatMap(({ Id, Mounts }) => [
    join(app.root, "containers", Id),
    ...Mounts.filter(({ Type }) => Type === "volume").map(({ Source }) => Source),
  ]));
  if (folders.size === 0) return layers;
  const { stdout, timedOut } = await exec(["du", "-sx", "-B1", "--", ...folders], { timeoutMs: ADD_UP_MS });
  const sizes = stdout.trim().split("\n").map((line) => Number.parseInt(line)).filter(Number.isFinite);
  if (timedOut || sizes.length === 0) return null; // one that is just going is not counted
  return layers + sizes.reduce((sum, size) => sum + size, 0);
}

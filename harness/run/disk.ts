import { statfs } from "node:fs/promises";
import type { RunContext } from "../checks/context.ts";
import { InfraFailure } from "./stage.ts";

/** @throws {InfraFailure} when the run folders' or Docker's disk is nearly full: a full one can ruin the Swarm */
export async function requireFreeSpace(run: RunContext): Promise<void> {
  const { RUNS: runs, MIN_FREE_GB: wanted } = run.plan.settings;
  const { DockerRootDir: docker } = await run.swarm.info();
  for (const path of [runs, docker]) {
    const bytes = await freeBytes(path);
    if (bytes === null) continue;
    const free = bytes / 1e9;
    if (free < wanted) {
      throw new InfraFailure(`Only ${free.toFixed(1)} GB are free at "${path}"`, {
        detail: `At least ${wanted} GB must be free before anything is deployed (CCCI_MIN_FREE_GB)`,
      });
    }
  }
}

/** Bytes an ordinary user could still write, or null for a path we may not look at. */
export async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

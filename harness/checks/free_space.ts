import { freeBytes } from "../run/disk.ts";
import { InfraFailure } from "../run/stage.ts";
import type { RunContext } from "./context.ts";

/**
 * @throws {InfraFailure} when less than `CCCI_MIN_FREE_GB` is free on the disk of the run folders or of Docker: a full
 * disk can ruin the Swarm
 */
export async function requireFreeSpace(
  run: Pick<RunContext, "swarm"> & { plan: Pick<RunContext["plan"], "settings"> },
): Promise<void> {
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

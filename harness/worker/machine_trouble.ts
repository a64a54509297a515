import { describeError } from "../../common/errors.ts";
import { freeBytes } from "../run/disk.ts";
import type { RunContext } from "../checks/context.ts";

/** A disk with less room may have been full a moment ago, before somebody removed a half-written file. */
const NEARLY_FULL_BYTES = 64 * 1024 * 1024;

/**
 * Says what happened to the machine while a stage failed. A full disk makes abra refuse, and a restart of Docker makes
 * apps crash, so such a failure proves nothing against the recipe.
 * @param options.engine when the engine was started, as seen when the stage began
 * @returns a sentence, or null when nothing is known to have happened
 */
export async function trouble(
  run: RunContext,
  options: { error: unknown; engine: string | null },
): Promise<string | null> {
  const { settings } = run.plan;
  const engine = await run.swarm.startedAt().catch(() => "away");
  if (engine === "away") return "Docker stopped answering";
  if (engine !== options.engine) return "Docker was restarted meanwhile";
  if (!/no space left on device|ENOSPC/i.test(describeError(options.error))) return null;
  const { DockerRootDir: docker } = await run.swarm.info();
  for (const path of [run.folder.path, settings.RUNS, docker]) {
    const free = await freeBytes(path);
    if (free !== null && free < NEARLY_FULL_BYTES) return `The disk is full at "${path}"`;
  }
  return null;
}

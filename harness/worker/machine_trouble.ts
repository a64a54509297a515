import { formatBytes } from "../../common/bytes.ts";
import { describeError } from "../../common/errors.ts";
import { waitFor, WaitTimeout } from "../../common/time.ts";
import { type Room, roomAt } from "../run/disk.ts";
import type { RunContext } from "../checks/context.ts";

/** A disk with less room may have been full a moment ago, before somebody removed a half-written file. */
const NEARLY_FULL_BYTES = 64 * 1024 * 1024;
const NEARLY_NO_INODES = 1_000;

/** What docker's client says when nobody listens at the engine's socket. */
const UNREACHABLE = /cannot connect to the docker daemon|error during connect/i;
/** An engine that ends closes its socket at once, and answers for some seconds those who are connected already. */
const ENDING_MS = 30_000;

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
  const looksAtEngine = () => engineTrouble(run, options.engine);
  const seen = await looksAtEngine();
  if (seen !== null) return seen;
  if (UNREACHABLE.test(describeError(options.error))) {
    return await patiently(async () => await looksAtEngine() ?? undefined, run);
  }
  if (!/no space left on device|ENOSPC/i.test(describeError(options.error))) return null;
  const { DockerRootDir: docker } = await run.swarm.info();
  for (const path of [run.folder.path, settings.RUNS, docker]) {
    const room = await roomAt(path);
    const full = room === null ? null : whatIsFull(room);
    if (full !== null) return `The disk is full at "${path}": ${full}`;
  }
  return null;
}

/** What a disk has run out of, with the numbers; null: nothing. */
export function whatIsFull({ bytes, inodes }: Room): string | null {
  if (bytes.free < NEARLY_FULL_BYTES) return `${formatBytes(bytes.free)} are free`;
  if (inodes === null || inodes.free >= NEARLY_NO_INODES) return null;
  return `${inodes.free} of ${inodes.free + inodes.used} inodes are free`;
}

/** @param before when the engine was started, as seen earlier */
async function engineTrouble(run: RunContext, before: string | null): Promise<string | null> {
  const engine = await run.swarm.startedAt().catch(() => "away");
  if (engine === "away") return "Docker stopped answering";
  return engine === before ? null : "Docker was restarted meanwhile";
}

/** Looks until there is something to say, or it is certain that there is not: a recipe can print anything. */
async function patiently(look: () => Promise<string | undefined>, run: RunContext): Promise<string | null> {
  try {
    const what = "Docker to show that it went away";
    return await waitFor(look, { what, timeoutMs: ENDING_MS, clock: run.clock });
  } catch (error) {
    if (error instanceof WaitTimeout) return null;
    throw error;
  }
}

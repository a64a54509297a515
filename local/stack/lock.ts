import { join } from "node:path";
import { FileLock, signature } from "../../common/file_lock.ts";
import type { Paths } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";

/** Holds the cache folder for one start or stop at a time. A second one waits, and says for whom. */
export async function lockStack(
  paths: Paths,
  { progress, signal }: { progress: Progress; signal?: AbortSignal | undefined },
): Promise<FileLock> {
  await Deno.mkdir(paths.cache, { recursive: true });
  const path = join(paths.cache, "lock");
  const lock = await FileLock.take(path) ?? await inStep(
    progress,
    `Waiting for another start or stop of the stack (process ${await signature(path) ?? "unknown"})`,
    () => FileLock.wait(path, signal),
  );
  await lock.sign(String(Deno.pid));
  return lock;
}

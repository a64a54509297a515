import { dirname, join } from "node:path";
import { systemClock } from "../../common/time.ts";
import type { Paths } from "../host/paths.ts";
import type { Progress } from "../host/progress.ts";

/**
 * Holds the cache folder for one start or stop at a time. A second one waits; the lock goes with the process that
 * holds it, however it ends.
 */
export async function lockStack(
  paths: Paths,
  { progress, signal }: { progress: Progress; signal?: AbortSignal | undefined },
): Promise<AsyncDisposable> {
  const path = join(paths.cache, "lock");
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { read: true, write: true, create: true });
  if (!await file.tryLock(true)) {
    const holder = (await Deno.readTextFile(path)).trim();
    const step = progress.step(
      `Waiting for another start or stop of the stack (process ${holder || "unknown"})`,
    );
    try {
      while (!await file.tryLock(true)) await systemClock.sleep(200, signal);
      step.done();
    } catch (error) {
      step.fail(error);
      file.close();
      throw error;
    }
  }
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return {
    async [Symbol.asyncDispose]() {
      await file.unlock();
      file.close();
    },
  };
}

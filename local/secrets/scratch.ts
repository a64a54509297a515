import { join } from "node:path";
import { FileLock } from "../../common/file_lock.ts";
import { exists, removeTree } from "../../common/files.ts";

const PREFIX = "cc-ci-secrets-";

/**
 * Gives work a folder in memory for what may be readable for a moment. It is gone when the work is over; after a call
 * that was killed, the next one removes it.
 * @param work stays with it also when the terminal goes away, which ends the editor
 */
export async function withScratch<T>(work: (folder: string) => Promise<T>, memory?: string): Promise<T> {
  const base = memory ?? (await exists("/dev/shm") ? "/dev/shm" : "/run");
  await removeOld(base);
  const folder = await Deno.makeTempDir({ dir: base, prefix: PREFIX });
  const stay = () => {};
  Deno.addSignalListener("SIGHUP", stay);
  try {
    using _lock = await FileLock.takeFolder(folder, "alone");
    return await work(folder);
  } finally {
    await removeTree(folder);
    Deno.removeSignalListener("SIGHUP", stay);
  }
}

async function removeOld(base: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(base)) {
    if (!isDirectory || !name.startsWith(PREFIX)) continue;
    const folder = join(base, name);
    try {
      using lock = await FileLock.takeFolder(folder, "alone");
      if (lock !== null) await removeTree(folder); // the kernel frees what a killed call had locked
    } catch (error) {
      // It is another account's, or its owner has removed it meanwhile.
      if (!(error instanceof Deno.errors.PermissionDenied) && !(error instanceof Deno.errors.NotFound)) {
        throw error;
      }
    }
  }
}

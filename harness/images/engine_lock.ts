import { dirname } from "node:path";
import { type Clock, pollUntil } from "../../common/time.ts";
import { FileLock } from "../../common/file_lock.ts";
import { InfraFailure } from "../run/stage.ts";

/** Milliseconds that a run waits while images are removed; a pass of the janitor takes no longer. */
const PATIENCE_MS = 120_000;
const POLL_MS = 200;

/**
 * Runs that use the images of an engine share a lock, and who removes images has it alone, whatever folders of runs they
 * work in. The lock is on the folder of the engine's socket, the one thing that all of them know.
 */
function lockedFolder(socket: string): string {
  return dirname(socket);
}

/**
 * Keeps images from being removed until the answer is disposed of. Waits while somebody is removing some.
 * @throws {InfraFailure} when that does not end
 */
export async function keepImages(
  socket: string,
  { announce, clock, signal }: { announce: (text: string) => void; clock: Clock; signal: AbortSignal },
): Promise<Disposable> {
  const folder = lockedFolder(socket);
  const take = async () => {
    const lock = await FileLock.takeFolder(folder, "shared");
    return lock === null
      ? { missing: "Waiting until images that nobody uses are removed from this host" }
      : { done: lock };
  };
  try {
    return await pollUntil<Disposable>(take, {
      everyMs: POLL_MS,
      clock,
      signal,
      onChange: announce,
      limit: {
        ms: PATIENCE_MS,
        error: () =>
          new InfraFailure(`Could not begin: somebody keeps "${folder}" locked, as who removes images does`),
      },
    });
  } catch (error) {
    // Who may not look into the folder of the socket cannot keep anybody from anything.
    if (error instanceof Deno.errors.PermissionDenied) return { [Symbol.dispose]() {} };
    throw error;
  }
}

/** The lock under which images may be removed; null while a run goes on that uses this engine, or for want of rights. */
export async function lockImages(socket: string): Promise<Disposable | null> {
  try {
    return await FileLock.takeFolder(lockedFolder(socket), "alone");
  } catch {
    return null;
  }
}

import { join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import { FileLock } from "../../common/file_lock.ts";
import { waitFor, WaitTimeout } from "../../common/time.ts";

/** A bridge that was told to stop may need this long to let go of the folder. */
const handOverMs = 5_000;

/**
 * Takes the state folder for this process, until it ends however it ends: two bridges on one database would answer
 * everything twice.
 * @throws {CcciError} `bridge.held` when another bridge has it, which may end
 */
export async function holdState(folder: string): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await waitFor(async () => await FileLock.take(join(folder, "lock")) ?? undefined, {
      what: "the state folder",
      timeoutMs: handOverMs,
      everyMs: 100,
    });
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error;
  }
  throw new CcciError("bridge.held", `Could not use the state folder "${folder}": another bridge has it`, {
    hint: "Stop that one first, or choose another folder with CCCI_STATE.",
  });
}

/** 12 characters of `[a-z2-7]`: 60 random bits. */
export function newId(): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => alphabet[byte % 32]).join("");
}

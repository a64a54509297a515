import { systemClock } from "./time.ts";

/**
 * An advisory lock on a file (flock). The kernel frees it when the process that holds it ends, however that happens,
 * and children do not inherit it. So a process that gets the lock knows that the earlier holder is dead or has given it
 * up.
 */
export class FileLock implements Disposable {
  #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock. The file is made if it is missing. @returns null when another process has it */
  static async take(path: string): Promise<FileLock | null> {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    if (await file.tryLock(true)) return new FileLock(file);
    file.close();
    return null;
  }

  /** Takes the lock as soon as no other process has it. @throws the signal's reason */
  static wait(path: string, signal?: AbortSignal): Promise<FileLock> {
    return FileLock.#until(() => FileLock.take(path), signal);
  }

  /** Takes a lock as {@linkcode takeFolder} does, as soon as that is possible. @throws the signal's reason */
  static waitFolder(
    path: string,
    { how, signal }: { how: "alone" | "shared"; signal: AbortSignal },
  ): Promise<FileLock> {
    return FileLock.#until(() => FileLock.takeFolder(path, how), signal);
  }

  static async #until(take: () => Promise<FileLock | null>, signal?: AbortSignal): Promise<FileLock> {
    while (true) {
      const lock = await take();
      if (lock !== null) return lock;
      await systemClock.sleep(200, signal);
    }
  }

  /**
   * Takes a lock on a folder, alone or together with others who take it so.
   * @returns null when another process has it in a way that does not go together with this
   * @throws {Deno.errors.NotFound | Deno.errors.PermissionDenied} for a folder that cannot be opened
   */
  static async takeFolder(path: string, how: "alone" | "shared"): Promise<FileLock | null> {
    const folder = await Deno.open(path);
    if (await folder.tryLock(how === "alone")) return new FileLock(folder);
    folder.close();
    return null;
  }

  /** Writes a word into the file for those who find it locked. */
  async sign(text: string): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    await this.#file.write(new TextEncoder().encode(`${text}\n`));
  }

  [Symbol.dispose](): void {
    // Closing alone is not enough: a child that is just being started has the file open too, until its program runs.
    this.#file.unlockSync();
    this.#file.close();
  }
}

/** What the holder of a lock left in its file, or null. */
export async function signature(path: string): Promise<string | null> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.trim() === "" ? null : text.trim();
}

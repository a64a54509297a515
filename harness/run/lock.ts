/**
 * An advisory lock on a file (flock). The kernel frees it with the process that holds it, however that ends, and
 * children do not inherit it: whoever gets it knows that the one before is gone.
 */
export class FileLock implements Disposable {
  #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock, or answers null when another process has it. The file is made when missing. */
  static async take(path: string): Promise<FileLock | null> {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    if (await file.tryLock(true)) return new FileLock(file);
    file.close();
    return null;
  }

  /** Leaves a word in the file for those who find it locked. */
  async sign(text: string): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    await this.#file.write(new TextEncoder().encode(`${text}\n`));
  }

  [Symbol.dispose](): void {
    // Closing alone is not enough: a child that is just being started has the file too until it executes its program.
    this.#file.unlockSync();
    this.#file.close();
  }
}

/** What the holder of a lock left in its file, or null. */
export async function signature(path: string): Promise<string | null> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.trim() === "" ? null : text.trim();
}

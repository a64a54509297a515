/** The switch is on: commands are answered with this, and what waits goes on waiting. */
export interface Maintenance {
  /** When it was switched on, milliseconds since the epoch: each time has its own answer. */
  since: number;
  /** What people are told in addition; one line, may be empty. */
  note: string;
}

const longestNote = 200;

/**
 * Reads the maintenance switch: a file, there while it is on, whose first line people are told.
 * @returns `null` while it is off
 */
export async function readMaintenance(path: string): Promise<Maintenance | null> {
  try {
    const { mtime } = await Deno.stat(path);
    const [line = ""] = (await Deno.readTextFile(path)).split(/\r?\n/);
    return { since: mtime?.getTime() ?? 0, note: line.trim().slice(0, longestNote) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

import { statfs } from "node:fs/promises";

/** Bytes that an ordinary user could still write; null for a path that we may not look at. */
export async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

import { statfs } from "node:fs/promises";

/** How much of something a disk has. What only root may use counts as neither. */
export interface Amount {
  free: number;
  used: number;
}

/** How full a disk is. */
export interface Room {
  bytes: Amount;
  /** Files that can still be made; null: the disk does not count them. */
  inodes: Amount | null;
}

/** Looks at the disk that a path lies on; null for a path that we may not look at. */
export async function roomAt(path: string): Promise<Room | null> {
  try {
    const { bavail, bfree, blocks, bsize, files, ffree } = await statfs(path);
    return {
      bytes: { free: bavail * bsize, used: (blocks - bfree) * bsize },
      inodes: files === 0 ? null : { free: ffree, used: files - ffree },
    };
  } catch {
    return null;
  }
}

/** Bytes that an ordinary user could still write; null for a path that we may not look at. */
export async function freeBytes(path: string): Promise<number | null> {
  return (await roomAt(path))?.bytes.free ?? null;
}

/** The part that is used, from 0 to 1, as `df` says it. */
export function usedShare({ free, used }: Amount): number {
  return used === 0 ? 0 : used / (used + free);
}

import { describeError } from "./errors.ts";

const DISK_FULL = /no space left on device|disk quota exceeded|ENOSPC/i;
/** Errors of the file system that a person puts right; for a disk that can only be read and for a socket Deno has no class. */
const OF_FILES = [
  Deno.errors.PermissionDenied,
  Deno.errors.NotFound,
  Deno.errors.AlreadyExists,
  Deno.errors.NotADirectory,
  Deno.errors.IsADirectory,
  Deno.errors.FilesystemLoop,
];

/** What a person does about a file or folder that could not be read or written. */
export interface FileTrouble {
  /** Whether it may pass by itself, as room on a disk comes back. */
  passes: boolean;
  hint: string;
}

/** What is to be done about an error of the file system; null for any other error. */
export function fileTrouble(error: unknown): FileTrouble | null {
  const message = describeError(error);
  if (DISK_FULL.test(message)) {
    return {
      passes: true,
      hint: 'Make room: "df -h" and "df -i" show which disk is full. Then start again.',
    };
  }
  if (OF_FILES.some((kind) => error instanceof kind) || /read-only file system|\bEACCES\b/i.test(message)) {
    return {
      passes: false,
      hint: "Look at that file or folder, and whether this has to be started as root. Then start again.",
    };
  }
  return null;
}

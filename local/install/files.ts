import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { FileLock } from "../../common/file_lock.ts";
import { exists } from "../../common/files.ts";
import type { Piece } from "./pieces.ts";
import { missingFolders, readRecord, type Record, RECORD_FILE, writeRecord } from "./record.ts";

/** What has to be done to a root folder so that an installation is there. */
export interface Changes {
  write: Piece[];
  /** Paths that an installation before had, and this one has not. */
  remove: string[];
}

/**
 * Compares what should be there with what is.
 * @throws {UsageError} naming what is in the way and no part of an installation
 */
export async function changesAt(root: string, pieces: readonly Piece[]): Promise<Changes> {
  const before = await readRecord(root);
  const write: Piece[] = [];
  const inTheWay: string[] = [];
  for (const piece of pieces) {
    // What was there before is somebody else's even where it is the same: uninstalling would remove it.
    if (!before?.paths.includes(piece.path) && await exists(join(root, piece.path))) {
      inTheWay.push(piece.path);
    } else if (!await isThere(root, piece)) write.push(piece);
  }
  if (inTheWay.length > 0) {
    const names = inTheWay.map((path) => `"${path}"`).join(", ");
    throw new UsageError(`Could not install: something else is in the way: ${names}`, {
      hint: "Move it away, or name another folder with --prefix.",
    });
  }
  const paths = pieces.map(({ path }) => path);
  const remove: string[] = [];
  for (const path of before?.paths ?? []) {
    if (!paths.includes(path) && await exists(join(root, path))) remove.push(path);
  }
  return { write, remove };
}

/** Writes down what an installation will consist of, then makes it. What breaks off is finished by the next call. */
export async function applyAt(
  root: string,
  { changes, pieces, prefix }: { changes: Changes; pieces: readonly Piece[]; prefix: string },
): Promise<void> {
  const before = await readRecord(root);
  const paths = pieces.map(({ path }) => path);
  const folders = [...before?.folders ?? [], ...await missingFolders(root, paths)];
  const pending = [...before?.pending ?? [], ...changes.write.map(({ path }) => path), ...changes.remove];
  const record = { prefix, paths, folders: [...new Set(folders)], pending: [...new Set(pending)] };
  await writeRecord(root, { ...record, paths: [...new Set([...paths, ...changes.remove])] });
  for (const piece of changes.write) await writePiece(root, piece);
  for (const path of changes.remove) await removeOne(root, path);
  await writeRecord(root, record);
}

/**
 * Makes sure that no other call installs or uninstalls at that root folder: of two neither would know what the other
 * has written.
 * @throws {UsageError} while another one does
 */
export async function takeTurnAt(root: string, what: "install" | "uninstall"): Promise<Disposable> {
  const turn = await FileLock.takeFolder(root, "alone");
  if (turn !== null) return turn;
  throw new UsageError(
    `Could not ${what}: another call of "./cc-ci install" or "./cc-ci uninstall" goes on`,
    {
      hint: "Start this again once that one has ended.",
    },
  );
}

/** Removes what an installation consists of, what is left of a call that was killed while it wrote, and the folders that it made if nothing else is in them. */
export async function removeAt(root: string, { paths, folders }: Record): Promise<void> {
  for (const path of paths) {
    await removeOne(root, path);
    await removeOne(root, draftOf(path));
  }
  for (const folder of folders.toReversed()) {
    await Deno.remove(join(root, folder)).catch(() => {}); // somebody has put something into it
  }
  await removeOne(root, RECORD_FILE);
}

async function removeOne(root: string, path: string): Promise<void> {
  try {
    await Deno.remove(join(root, path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Where a file is written before it takes its place. */
function draftOf(path: string): string {
  return `${path}.new`;
}

async function isThere(root: string, { path, content, mode }: Piece): Promise<boolean> {
  const place = join(root, path);
  const info = await Deno.lstat(place).catch(() => null);
  if (info === null) return false;
  if ("link" in content) return info.isSymlink && await Deno.readLink(place) === content.link;
  if (!info.isFile || ((info.mode ?? 0) & 0o7777) !== mode) return false;
  if ("text" in content) return await Deno.readTextFile(place) === content.text;
  const source = await Deno.stat(content.copyOf);
  return source.size === info.size && await digestOf(place) === await digestOf(content.copyOf);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

async function writePiece(root: string, { path, content, mode }: Piece): Promise<void> {
  const place = join(root, path);
  const draft = draftOf(place);
  await Deno.mkdir(dirname(place), { recursive: true });
  await Deno.remove(draft).catch(() => {});
  if ("link" in content) await Deno.symlink(content.link, draft);
  else {
    if ("text" in content) await Deno.writeTextFile(draft, content.text);
    else await Deno.copyFile(content.copyOf, draft);
    await Deno.chmod(draft, mode);
  }
  await Deno.rename(draft, place);
}

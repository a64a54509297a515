import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip } from "node:zlib";
import { DashboardError } from "../model/errors.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Bytes of log that are packed together. Whoever reads in the middle unpacks at most so many for nothing. */
const BLOCK = 1024 * 1024;

/**
 * A packed log: `<path>.gz`, which any gunzip reads, made of one member per mebibyte of log, and `<path>.index` with
 * the byte in the packed file at which each member begins and, last, the length of the log.
 */
function packedPaths(path: string): { data: string; index: string } {
  return { data: `${path}.gz`, index: `${path}.index` };
}

/**
 * Packs a finished log and removes the plain one. A log that grows meanwhile is left as it is.
 * @returns bytes of the packed log; `null` when it was left
 */
export async function packLog(path: string): Promise<number | null> {
  const { data, index } = packedPaths(path);
  const draft = `${data}.draft`;
  const members: number[] = [];
  let length = 0;
  let size = 0;
  {
    using from = await Deno.open(path);
    using to = await Deno.open(draft, { create: true, truncate: true, write: true });
    const block = new Uint8Array(BLOCK);
    while (true) {
      const filled = await fill(from, block);
      if (filled === 0) break;
      members.push(size);
      const packed = await pack(block.subarray(0, filled));
      for (let at = 0; at < packed.length;) at += await to.write(packed.subarray(at));
      length += filled;
      size += packed.length;
    }
  }
  // Nothing waits from here on, so no event can come between the last look and the removal.
  if (Deno.statSync(path).size !== length) {
    Deno.removeSync(draft);
    return null;
  }
  Deno.writeTextFileSync(index, JSON.stringify([...members, length]));
  Deno.renameSync(draft, data);
  Deno.removeSync(path);
  return size;
}

/** Makes a packed log plain again, because there is more to write. Does nothing when it is plain. */
export function unpackLog(path: string): void {
  const { data, index } = packedPaths(path);
  if (isFile(path) || !isFile(data)) return;
  const draft = `${path}.draft`;
  Deno.writeFileSync(draft, gunzipSync(Deno.readFileSync(data)));
  Deno.renameSync(draft, path);
  Deno.removeSync(data);
  Deno.removeSync(index);
}

/** The bytes of a packed log from `from` on, a block at a time; nothing when there is no packed log. */
export async function* readPacked(path: string, from: number): AsyncGenerator<Uint8Array> {
  const { data, index } = packedPaths(path);
  let members: number[];
  try {
    members = JSON.parse(await Deno.readTextFile(index)) as number[];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new DashboardError("log.index", `Could not read "${index}"`, { cause: error });
  }
  using file = await Deno.open(data);
  const { size } = await file.stat();
  for (let block = Math.floor(from / BLOCK); block < members.length - 1; block++) {
    const at = members[block] ?? 0;
    const end = block + 1 < members.length - 1 ? members[block + 1] ?? size : size;
    const packed = new Uint8Array(end - at);
    await file.seek(at, Deno.SeekMode.Start);
    await fill(file, packed);
    const bytes = await unpack(packed);
    yield bytes.subarray(Math.max(0, from - block * BLOCK));
  }
}

async function fill(file: Deno.FsFile, buffer: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const got = await file.read(buffer.subarray(filled));
    if (got === null) break;
    filled += got;
  }
  return filled;
}

export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

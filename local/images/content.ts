import { createHash } from "node:crypto";
import { basename, join } from "node:path";

/** Label of an image made here: says from which sources, so that an equal one is not made again. */
export const CONTENT_LABEL = "cc-ci.content";

/** Hash over files (base names and bytes) and further inputs of a build. First 16 hex digits. */
export async function contentHash(files: string[], inputs: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    const bytes = await Deno.readFile(file);
    hash.update(`${basename(file)}\0${bytes.length}\0`).update(bytes);
  }
  for (const input of inputs) hash.update(`\0${input}`);
  return hash.digest("hex").slice(0, 16);
}

/** The files directly in a folder, full paths. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter((entry) => entry.isFile).map(({ name }) => join(folder, name));
}

import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

type Env = (name: string) => string | undefined;

/** Absolute form of a path that a person typed: `~` is their home, and any other counts from the folder they are in. */
export function resolvePath(path: string, env: Env = Deno.env.get): string {
  const home = env("HOME");
  if (home !== undefined && (path === "~" || path.startsWith("~/"))) {
    return resolve(join(home, path.slice(1)));
  }
  return isAbsolute(path) ? resolve(path) : resolve(callersFolder(env), path);
}

/** The folder that a person is in. The launcher and `deno task` change to the checkout, and say where they came from. */
export function callersFolder(env: Env = Deno.env.get): string {
  return env("INIT_CWD") ?? Deno.cwd();
}

/** Path of a `file:` URL. */
export function fromFileUrl(url: string): string {
  return fileURLToPath(url);
}

/** Whether there is a file, folder or link at this path. Links are not followed. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** The text of a file, or null where there is none. A file that cannot be read is an error. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The first bytes of a file. */
export function readStart(path: string, most: number): Uint8Array {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(Math.min(file.statSync().size, most));
  let filled = 0;
  for (let read = 1; read > 0; filled += read) read = file.readSync(bytes.subarray(filled)) ?? 0;
  return bytes.subarray(0, filled);
}

/** Removes a file or folder with all it holds; one that is not there is no error. */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Writes a file so that a reader sees either the old content or the new.
 * @param options.mode its permissions, whatever it had before
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> {
  const draft = `${path}.new`;
  if (options.mode !== undefined) await removeTree(draft); // it would keep the permissions that it has
  await (typeof content === "string"
    ? Deno.writeTextFile(draft, content, options)
    : Deno.writeFile(draft, content, options));
  await Deno.rename(draft, path);
}

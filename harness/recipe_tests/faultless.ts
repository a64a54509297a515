import { basename, join } from "node:path";
import { checkFiles } from "./check_files.ts";
import { kitFiles } from "./kit_files.ts";
import { plainFiles } from "./sandbox.ts";
import type { Purpose } from "./unrun.ts";

/** How many are remembered; each is an empty file. */
const MOST = 500;

/** How tests are looked at, as `checkTests` takes it. */
export interface How {
  confined: boolean;
  purposeOf?: (name: string) => Purpose;
}

/**
 * Remembers tests in which no mistake was found, so that a run need not look for any again. They are known by all that
 * a look depends on: their bytes and purposes, the kit, Deno and the code that looks. Whoever writes a test can therefore
 * only make his own test known, and only by a look that found nothing in it.
 */
export class FaultlessTests {
  readonly #folder: string;

  /** @param folder is made when there is something to remember */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Name of these tests: a digest.
   * @param of.files test files in the folder; others are there for them to import
   * @param of.look texts of the code that looks
   */
  async keyOf(
    folder: string,
    { files, deno, confined, purposeOf = () => "test", look = checkFiles }: How & {
      files: readonly string[];
      deno: string;
      look?: Readonly<Record<string, string>>;
    },
  ): Promise<string> {
    const parts: string[] = [
      Deno.version.deno,
      deno,
      JSON.stringify([kitFiles, look, confined]),
      ...files.map((file) => basename(file)).flatMap((name) => [name, purposeOf(name)]),
    ];
    const names = (await Array.fromAsync(plainFiles(folder))).sort();
    for (const name of names) parts.push(name, await digest(await Deno.readFile(join(folder, name))));
    return await digest(new TextEncoder().encode(JSON.stringify(parts)));
  }

  async has(key: string): Promise<boolean> {
    return await Deno.stat(join(this.#folder, key)).then(() => true, () => false);
  }

  async add(key: string): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const known = await Array.fromAsync(Deno.readDir(this.#folder));
    if (known.length >= MOST) {
      for (const { name } of known) await Deno.remove(join(this.#folder, name)).catch(() => {});
    }
    await Deno.writeTextFile(join(this.#folder, key), "");
  }
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

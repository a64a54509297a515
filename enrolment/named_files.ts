import { join, relative } from "node:path";
import { type Locate, type Reading, readRecipeYml } from "./recipe_yml.ts";
import type { RecipeYml } from "./schema.ts";

/** Docker takes no larger secret. */
const MOST_BYTES = 500 * 1024;

/**
 * Reads `<folder>/recipe.yml`, and looks at the files beside it that it names.
 * @throws {Deno.errors.NotFound} when there is none
 */
export async function readFolder(folder: string): Promise<Reading> {
  const reading = readRecipeYml(await Deno.readTextFile(join(folder, "recipe.yml")));
  if (!reading.ok) return reading;
  const { said, locate } = reading;
  const problems = await faultyFiles(said, { folder, locate });
  if (problems.length === 0) return reading;
  return { ok: false, parses: true, problem: `is invalid: ${problems.join("; ")}`, content: said };
}

/** What is wrong with the files that a `recipe.yml` names, a clause each. */
async function faultyFiles(
  said: RecipeYml,
  at: { folder: string; locate: Locate },
): Promise<string[]> {
  const problems: string[] = [];
  for (const [path, name] of namedFiles(said)) {
    const problem = await problemOf(at.folder, name);
    if (problem !== null) problems.push(`${at.locate(path)}"${path.join(".")}" names "${name}", ${problem}`);
  }
  return problems;
}

function namedFiles({ secrets }: RecipeYml): [path: string[], name: string][] {
  return Object.entries(secrets).flatMap(([name, { file }]) =>
    file === undefined ? [] : [[["secrets", name, "file"], file]]
  );
}

async function problemOf(folder: string, name: string): Promise<string | null> {
  try {
    const root = await Deno.realPath(folder);
    const path = await Deno.realPath(`${root}/${name}`);
    const way = relative(root, path);
    if (way.startsWith("..") || way === "") return "which does not lie beside recipe.yml";
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) return "which is no file";
    if (size === 0) return "which is empty";
    if (size > MOST_BYTES) return `which holds more than ${MOST_BYTES / 1024} KiB`;
    new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
    return null;
  } catch (error) {
    if (error instanceof TypeError) return "which is no text";
    return "which is not there, or cannot be read";
  }
}

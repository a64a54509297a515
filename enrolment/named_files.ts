import { isUtf8 } from "node:buffer";
import { basename, dirname, join, relative } from "node:path";
import { contraryNeeds } from "./contrary_needs.ts";
import { faultyNeeds } from "./needs.ts";
import type { Locate, Mistake } from "./mistakes.ts";
import { invalid, type Reading, readRecipeFile } from "./recipe_yml.ts";
import type { RecipeYml } from "./schema.ts";
import { MOST_SECRET_BYTES } from "./values_schema.ts";

/**
 * Reads `<folder>/recipe.yml`, and looks at the files beside it that it names.
 * @throws {Deno.errors.NotFound} when there is none
 */
export async function readFolder(folder: string): Promise<Reading> {
  const reading = await readRecipeFile(join(folder, "recipe.yml"));
  if (!reading.ok) return reading;
  const { said, locate } = reading;
  const place = { recipes: dirname(folder), recipe: basename(folder), locate };
  const mistakes = [
    ...await faultyFiles(said, { folder, locate }),
    ...await faultyNeeds(said, place),
    ...await contraryNeeds(said, place),
  ];
  return mistakes.length === 0 ? reading : invalid(mistakes, said);
}

/** What is wrong with the files that a `recipe.yml` names. */
async function faultyFiles(
  said: RecipeYml,
  at: { folder: string; locate: Locate },
): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const [path, name] of namedFiles(said)) {
    const problem = await problemOf(at.folder, name);
    if (problem === null) continue;
    mistakes.push({ ...at.locate(path), text: `"${path.join(".")}" names "${name}", ${problem}` });
  }
  return mistakes;
}

function namedFiles({ secrets, needs }: RecipeYml): [path: string[], name: string][] {
  const named: [path: string[], name: string | undefined][] = [
    ...Object.entries(secrets).map(([name, { file }]): [string[], string | undefined] => [
      ["secrets", name, "file"],
      file,
    ]),
    ...needs.map(({ setup }, at): [string[], string | undefined] => [["needs", String(at), "setup"], setup]),
  ];
  return named.flatMap(([path, name]) => name === undefined ? [] : [[path, name]]);
}

async function problemOf(folder: string, name: string): Promise<string | null> {
  try {
    const root = await Deno.realPath(folder);
    const path = await Deno.realPath(`${root}/${name}`);
    const way = relative(root, path);
    if (/^\.\.(\/|$)/.test(way) || way === "") return "which does not lie beside recipe.yml";
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) return "which is no file";
    if (size === 0) return "which is empty";
    if (size > MOST_SECRET_BYTES) return `which holds more than ${MOST_SECRET_BYTES / 1024} KiB`;
    return isUtf8(await Deno.readFile(path)) ? null : "which is no text";
  } catch {
    return "which is not there, or cannot be read";
  }
}

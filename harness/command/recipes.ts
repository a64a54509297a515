import { join, relative } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { callersFolder, exists } from "../../common/files.ts";
import { probablyMeant } from "../../common/spelling.ts";
import type { Mistake } from "../../enrolment/mistakes.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { readFolder } from "../../enrolment/named_files.ts";
import type { Reading } from "../../enrolment/recipe_yml.ts";
import { recipeName } from "../../protocol/params.ts";
import { lookAtEnrolledTests } from "../checks/check_tests.ts";
import type { Settings } from "../run/settings.ts";

/** Something wrong with an enrolment. */
export interface EnrolmentMistake {
  /** `/path/recipe.yml:3:5`, as editors and terminals know places. */
  place: string;
  text: string;
  /** Whether a run would do without it: a file that looks like a test and is none. */
  harmless: boolean;
}

export interface CheckOptions {
  settings: Pick<Settings, "RECIPES" | "RUNS" | "DENO">;
  signal: AbortSignal;
}

/** Milliseconds that the tests of one recipe may take to be looked at. */
const TESTS_MS = 120_000;

/**
 * `recipes check`: looks at enrolments without deploying anything, as runs and the bridge will: their `recipe.yml`, the
 * files that it names, and their tests.
 * @param names of the recipes to look at; none: all
 * @returns the exit code: 1 if something is wrong
 * @throws {UsageError} for a recipe that is not enrolled
 */
export async function recipesCheck(
  names: readonly string[],
  options: CheckOptions & { say: (text: string) => void },
): Promise<number> {
  const { settings: { RECIPES }, say } = options;
  const all = await foldersIn(RECIPES);
  for (const name of names) if (!all.includes(name)) throw unknown(name, { all, folder: RECIPES });
  const known = new Map<string, string>();
  let wrong = 0;
  for (const name of all) {
    const folder = join(RECIPES, name);
    const reading = await readYml(folder);
    const mistakes = reading === null ? [noRecipeYml(folder)] : ymlMistakes(reading, { folder, known });
    if (names.length > 0 && !names.includes(name)) continue;
    mistakes.push(
      ...await testMistakes({ recipe: name, needs: reading?.ok ? reading.said.needs : [] }, options),
    );
    if (mistakes.some(({ harmless }) => !harmless)) wrong++;
    say(`${mistakes.some(({ harmless }) => !harmless) ? "✘" : "✔"} ${name}\n`);
    for (const { place, text, harmless } of mistakes) {
      say(`  ${fromHere(place)}: ${harmless ? "note: " : ""}${text}\n`);
    }
  }
  const looked = names.length || all.length;
  say(
    looked === 0
      ? `No recipe is enrolled in "${RECIPES}"\n`
      : `${looked} ${looked === 1 ? "recipe" : "recipes"} checked, ${wrong} with mistakes\n`,
  );
  return wrong === 0 ? 0 : 1;
}

/** A path as it is typed in the folder of whoever called, if it lies below. */
function fromHere(path: string): string {
  const way = relative(callersFolder(), path);
  return way.startsWith("..") ? path : way;
}

function unknown(name: string, { all, folder }: { all: readonly string[]; folder: string }): UsageError {
  const near = probablyMeant(name, all);
  return new UsageError(`There is no folder "${name}" in "${folder}"`, {
    hint: near === null ? `Enrolled are: ${all.join(", ") || "none"}` : `Did you mean "${near}"?`,
  });
}

async function foldersIn(recipes: string): Promise<string[]> {
  if (!await exists(recipes)) throw new UsageError(`There is no folder "${recipes}"`);
  const entries = await Array.fromAsync(Deno.readDir(recipes));
  return entries.filter(({ isDirectory, name }) => isDirectory && !name.startsWith(".")).map(({ name }) =>
    name
  )
    .sort();
}

async function readYml(folder: string): Promise<Reading | null> {
  try {
    return await readFolder(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function noRecipeYml(folder: string): EnrolmentMistake {
  return { place: folder, text: "there is no recipe.yml, so the recipe is not enrolled", harmless: false };
}

/** @param at.known recipes by the repositories that were seen so far, in lower case */
function ymlMistakes(
  reading: Reading,
  { folder, known }: { folder: string; known: Map<string, string> },
): EnrolmentMistake[] {
  const path = join(folder, "recipe.yml");
  const at = ({ line, column, text }: Mistake): EnrolmentMistake => ({
    place: `${path}:${line}:${column}`,
    text,
    harmless: false,
  });
  const name = relative(join(folder, ".."), folder);
  const mistakes = recipeName.safeParse(name).success
    ? []
    : [{ place: folder, text: `a recipe cannot be called "${name}"`, harmless: false }];
  if (!reading.ok) {
    return [
      ...mistakes,
      ...reading.mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column).map(at),
    ];
  }
  const repo = reading.said.repo.toLowerCase();
  const other = known.get(repo);
  if (other !== undefined) {
    const text = `"repo" is the repository of recipe "${other}": a repository belongs to one recipe`;
    mistakes.push(at({ ...reading.locate(["repo"]), text }));
  } else known.set(repo, name);
  return mistakes;
}

async function testMistakes(
  { recipe, needs }: Pick<Enrolment, "recipe" | "needs">,
  { settings, signal }: CheckOptions,
): Promise<EnrolmentMistake[]> {
  const folder = join(settings.RECIPES, recipe);
  const tmp = await Deno.makeTempDir({ prefix: "ccci-check-" });
  try {
    const look = { settings, tmp, timeoutMs: TESTS_MS, signal };
    const { findings, checked } = await lookAtEnrolledTests({ folder, recipe, needs }, look);
    const mistakes = findings.map(({ file, line, column, message, severity }): EnrolmentMistake => ({
      place: [join(folder, relative(join("recipes", recipe), file)), line, column]
        .filter((part) => part !== undefined).join(":"),
      text: message,
      harmless: severity === "note",
    }));
    if (!checked) {
      mistakes.push({ place: folder, text: "the tests could not be checked in time", harmless: false });
    }
    return mistakes;
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
}

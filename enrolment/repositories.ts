import * as z from "zod";
import { join } from "node:path";
import { recipeName } from "../protocol/params.ts";
import { describeError } from "../common/errors.ts";
import { readFolder } from "./named_files.ts";
import type { Reading } from "./recipe_yml.ts";
import { recipeYml } from "./schema.ts";
import { isShown } from "./shown.ts";

/** What the bridge needs of an enrolment; the harness works with the rest. */
const place = z.object({ repo: recipeYml.shape.repo });

export interface Enrolments {
  /** Recipe by `owner/name` of its repository, in lower case: forges do not tell case apart. */
  recipes: ReadonlyMap<string, string>;
  /** Owners of those repositories, in lower case. */
  owners: readonly string[];
  /** By recipe: what is wrong with its `recipe.yml`, as it follows the file's name. A run of it could not begin. */
  mistakes: ReadonlyMap<string, string>;
  /** Recipes that anybody may see; what cannot be read of an enrolment shows none. */
  shown: ReadonlySet<string>;
  /** What could not be used, one sentence each. */
  problems: readonly string[];
}

/**
 * Reads `<folder>/<recipe>/recipe.yml` of every enrolled recipe. A bad one is a problem of that recipe alone: as long
 * as it says which repository it is about, people who write there can be told.
 */
export async function readEnrolments(folder: string): Promise<Enrolments> {
  const recipes = new Map<string, string>();
  const mistakes = new Map<string, string>();
  const shown = new Set<string>();
  const owners = new Set<string>();
  const problems: string[] = [];
  for (const recipe of await foldersIn(folder, problems)) {
    const path = join(folder, recipe, "recipe.yml");
    const reading = await readOne(join(folder, recipe), problems);
    if (reading === null) continue;
    const repo = repoOf(reading);
    const other = repo === null ? undefined : recipes.get(repo);
    if (!recipeName.safeParse(recipe).success) {
      problems.push(`"${path}" lies in a folder that is not called as a recipe can be`);
    } else if (other !== undefined) {
      problems.push(`"${path}" names the repository of recipe "${other}"`);
    } else {
      if (!reading.ok) problems.push(`"${path}" ${reading.problem}`);
      if (repo === null) continue;
      if (!reading.ok) mistakes.set(recipe, reading.problem);
      recipes.set(repo, recipe);
      if (isShown(reading)) shown.add(recipe);
      owners.add(ownerOf(repo));
    }
  }
  return { recipes, owners: [...owners].sort(), mistakes, shown, problems };
}

/** @returns `null` if there is no such file, or none that can be read */
async function readOne(folder: string, problems: string[]): Promise<Reading | null> {
  try {
    return await readFolder(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      problems.push(`Could not read "${join(folder, "recipe.yml")}": ${describeError(error)}`);
    }
    return null;
  }
}

/** `owner/name` in lower case; `null` where nothing, or nothing sensible, is said of it. */
function repoOf(reading: Reading): string | null {
  const read = place.safeParse(reading.ok ? reading.said : reading.content);
  return read.success ? read.data.repo.toLowerCase() : null;
}

async function foldersIn(folder: string, problems: string[]): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) if (entry.isDirectory) names.push(entry.name);
  } catch (error) {
    problems.push(`Could not read the enrolments in "${folder}": ${describeError(error)}`);
  }
  return names.sort();
}

/** Owner of a repository, in lower case. */
export function ownerOf(repo: string): string {
  return repo.slice(0, repo.indexOf("/")).toLowerCase();
}

/** What is to do about an owner of whom the forge says that there is none. */
export function ownerUnknown(owner: string): string {
  return `The forge knows no owner "${owner}": correct "repo" in its enrolments`;
}

import { parse } from "yaml";
import * as z from "zod";
import { join } from "node:path";
import { recipeName, repoName } from "../protocol/params.ts";
import { describeError } from "../common/errors.ts";

/** Of an enrolment the bridge needs only where the recipe lives; the harness reads and judges the rest. */
const enrolment = z.object({ repo: repoName });

export interface Enrolments {
  /** Recipe by `owner/name` of its repository, in lower case: forges do not tell case apart. */
  recipes: ReadonlyMap<string, string>;
  /** Owners of those repositories, in lower case. */
  owners: readonly string[];
  /** What could not be used, one sentence each. */
  problems: readonly string[];
}

/** Reads `<folder>/<recipe>/recipe.yml` of every enrolled recipe. A bad one is a problem of that recipe alone. */
export async function readEnrolments(folder: string): Promise<Enrolments> {
  const recipes = new Map<string, string>();
  const owners = new Set<string>();
  const problems: string[] = [];
  for (const recipe of await foldersIn(folder, problems)) {
    const path = join(folder, recipe, "recipe.yml");
    try {
      const read = enrolment.safeParse(parse(await Deno.readTextFile(path), { maxAliasCount: 20 }));
      if (!read.success || !recipeName.safeParse(recipe).success) {
        problems.push(`"${path}" does not say which repository holds the recipe (key "repo", "owner/name")`);
        continue;
      }
      const repo = read.data.repo.toLowerCase();
      const other = recipes.get(repo);
      if (other !== undefined) {
        problems.push(`"${path}" names the repository of recipe "${other}"`);
        continue;
      }
      recipes.set(repo, recipe);
      owners.add(repo.slice(0, repo.indexOf("/")));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        problems.push(`Could not read "${path}": ${describeError(error)}`);
      }
    }
  }
  return { recipes, owners: [...owners].sort(), problems };
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

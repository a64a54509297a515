import { join } from "node:path";
import { CcciError } from "../common/errors.ts";
import { recipeName } from "../protocol/params.ts";
import { exists } from "../common/files.ts";
import { enrolled } from "./enrolled.ts";
import { readFolder } from "./named_files.ts";
import { type Reading, readRecipeYml } from "./recipe_yml.ts";
import { type RecipeYml, recipeYml } from "./schema.ts";

/** What holds for one recipe in a run. */
export interface Enrolment extends RecipeYml {
  recipe: string;
  /** Folder with the recipe's tests; null for a recipe that is not enrolled. */
  folder: string | null;
}

/** No such enrolment, or one that cannot be used. */
export class EnrolmentError extends CcciError {}

/**
 * Reads `<recipes>/<recipe>/recipe.yml`.
 * @throws {EnrolmentError} `enrolment.unknown`, or `enrolment.invalid` naming every mistake
 */
export async function loadEnrolment(recipes: string, recipe: string): Promise<Enrolment> {
  const folder = join(recipes, recipe);
  const path = join(folder, "recipe.yml");
  if (!recipeName.safeParse(recipe).success || !await exists(path)) {
    const known = await enrolled(recipes);
    throw new EnrolmentError("enrolment.unknown", `Recipe "${recipe}" is not enrolled`, {
      hint: known.length === 0
        ? `"${recipes}" holds no enrolments`
        : `Enrolled are: ${known.join(", ")}. A path or a git URL works without enrolment`,
    });
  }
  return { recipe, folder, ...saidIn(await readFolder(folder), path) };
}

/** @throws {EnrolmentError} `enrolment.invalid` */
export function parseEnrolment(text: string, path: string): RecipeYml {
  return saidIn(readRecipeYml(text), path);
}

function saidIn(reading: Reading, path: string): RecipeYml {
  if (reading.ok) return reading.said;
  throw new EnrolmentError("enrolment.invalid", `"${path}" ${reading.problem}`);
}

/** What holds for a recipe nobody enrolled. */
export function defaultEnrolment(recipe: string): Enrolment {
  return { recipe, folder: null, ...recipeYml.parse({ repo: `unknown/${recipe}` }) };
}

import * as z from "zod";
import type { Reading } from "./recipe_yml.ts";
import { recipeYml } from "./schema.ts";

const visibility = z.object({ public: recipeYml.shape.public });

/**
 * Whether anybody may see a recipe: its `recipe.yml` parses and says `public: true`. A mistake in another key does not
 * hide it, and a file of which only a part could be read shows nothing.
 */
export function isShown(reading: Reading): boolean {
  if (!reading.ok && !reading.parses) return false;
  const read = visibility.safeParse(reading.ok ? reading.said : reading.content);
  return read.success && read.data.public;
}

import type { Finding } from "./finding.ts";
import { checkBackupLabels } from "./backup_labels.ts";
import { checkDurations } from "./durations.ts";
import type { Recipe } from "./recipe.ts";
import { checkServices } from "./services.ts";
import { checkVariables } from "./variables.ts";

/**
 * What is wrong with a recipe by itself, each with its rule, file and line: mistakes that abra's own lint passes over,
 * or names without a place. What depends on the domain, on the published version or on tags has rules beside it.
 */
export function checkRecipe(recipe: Recipe): Finding[] {
  const { compose } = recipe;
  return [
    ...checkServices(compose),
    ...checkDurations(compose),
    ...checkVariables(recipe),
    ...checkBackupLabels(compose),
  ];
}

import type { Finding } from "./finding.ts";
import { checkBackupLabels } from "./backup_labels.ts";
import { checkHookScripts } from "./hook_scripts.ts";
import { checkRoutingLabels } from "./routing_labels.ts";
import { checkTypedValues } from "./typed_values.ts";
import type { Recipe } from "./recipe.ts";
import { checkServices } from "./services.ts";
import { checkVariables } from "./variables.ts";

/**
 * Mistakes in a recipe that abra's own lint overlooks or reports without file and line. Mistakes that show only with
 * the run's domain, the published version or git's tags are found by `nameBudget`, `checkConfigVersions`, `checkTags`.
 */
export function checkRecipe(recipe: Recipe): Finding[] {
  const { compose } = recipe;
  return [
    ...checkServices(compose),
    ...checkTypedValues(compose),
    ...checkRoutingLabels(compose),
    ...checkVariables(recipe),
    ...checkBackupLabels(compose),
    ...checkHookScripts(recipe),
  ];
}

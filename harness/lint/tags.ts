import { type Finding, quote } from "./finding.ts";
import type { RecipeRepo } from "../recipe/repo.ts";

/**
 * Tags of versions that are not annotated: abra does not count them, and refuses pinned deploys of the recipe (R014).
 * That of the commit under test is a mistake in a release; older ones no commit can mend, so they only warn.
 */
export function checkTags(repo: Pick<RecipeRepo, "head" | "dirty" | "lightweight">): Finding[] {
  return repo.lightweight.map(({ version, commit }) => ({
    rule: "lint.annotated-tag",
    severity: commit === repo.head && !repo.dirty ? "error" : "warning",
    file: ".",
    message: `The tag ${quote(version)} is not annotated, so abra knows no such version`,
    hint: "Delete it and tag the commit again with git tag -a, or by abra recipe release",
    subject: version,
  }));
}

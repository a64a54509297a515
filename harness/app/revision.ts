import type { PublishedVersion } from "../recipe/versions.ts";

/** What is deployed: the commit under test, or a published version. */
export type Revision = "head" | PublishedVersion;

/** Which of the two versions of an upgrade a revision is, as `only` of `recipe.yml` calls them. */
export function sideOf(at: Revision): "head" | "base" {
  return at === "head" ? "head" : "base";
}

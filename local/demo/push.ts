import { join } from "node:path";
import { buildPullRequest, buildRecipeRepo } from "../recipes/mod.ts";
import { ORG } from "../gitea/seed.ts";
import { pushToForge, seedRecipe } from "../stack/seed_recipe.ts";
import type { Stack } from "../stack/stack.ts";
import { PullRequest } from "./pull_request.ts";

/** What the change does: nothing bad, or loses the data of those who upgrade. */
export type Variant = "good" | "loses-data";

/** Puts the recipe on the forge if it is not there, pushes a change as the maintainer and opens a pull request. */
export async function openDemoPullRequest(
  { stack, recipe, variant }: { stack: Stack; recipe: string; variant: Variant },
): Promise<PullRequest> {
  const repo = `${ORG}/${recipe}`;
  await seedRecipe(stack, recipe);
  const folder = await Deno.makeTempDir({ dir: stack.state, prefix: "change-" });
  try {
    const { path } = await buildRecipeRepo(recipe, join(folder, recipe));
    const change = await buildPullRequest(recipe, path, variant);
    // A branch of its own each time: the same change may be proposed more than once.
    const head = `${change.branch}-${crypto.randomUUID().slice(0, 8)}`;
    await pushToForge(stack, { folder: path, repo, refs: [`${change.commit}:refs/heads/${head}`] });
    return await PullRequest.open(repo, {
      stack,
      title: change.title.split("\n")[0] ?? change.title,
      body: "Tested by a comment that says `!testme`.",
      head,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

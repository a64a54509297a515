import { dirname, join } from "node:path";
import { exists, removeTree } from "../../common/files.ts";
import { describeError } from "../../common/errors.ts";
import { compareVersions } from "../../harness/recipe/order_versions.ts";
import type { Git } from "../../harness/recipe/git.ts";
import { isVersion } from "../../harness/recipe/versions.ts";
import { HostError } from "../errors.ts";
import type { SeenApp } from "../plan/seen.ts";

/** The work tree of a recipe, as it stands. A tree with changes stands at no version. */
export async function lookAtRecipe(git: Git, folder: string): Promise<SeenApp["recipe"]> {
  if (!await exists(join(folder, ".git"))) return null;
  const tags = (await git.run(["tag", "--list"], { cwd: folder })).split("\n").filter(isVersion);
  const here = (await git.run(["tag", "--points-at", "HEAD"], { cwd: folder })).split("\n");
  const changes = await git.run(["status", "--porcelain"], { cwd: folder });
  const versions = tags.toSorted(compareVersions).toReversed();
  return { versions, at: changes === "" ? versions.filter((tag) => here.includes(tag)) : [] };
}

/**
 * Clones a recipe, or has its clone learn what was published since, and puts its work tree to a version.
 * @param recipe.version null: the newest
 * @throws {HostError} not yet, when its address does not answer; wrong, when that version was never published
 */
export async function fetchRecipe(
  git: Git,
  { url, folder, version }: { url: string; folder: string; version: string | null },
): Promise<void> {
  const draft = `${folder}.new`;
  if (!await exists(join(folder, ".git"))) {
    await removeTree(draft);
    await Deno.mkdir(dirname(folder), { recursive: true });
    await reach(url, () => git.run(["clone", "--quiet", url, draft]));
    await Deno.rename(draft, folder);
  }
  const wanted = version ?? (await lookAtRecipe(git, folder))?.versions[0];
  if (wanted === undefined) return;
  const has = async () =>
    (await git.attempt(["rev-parse", "--verify", "--quiet", tag(wanted)], { cwd: folder })).success;
  if (!await has()) await reach(url, () => git.run(["fetch", "--quiet", "--tags", url], { cwd: folder }));
  if (!await has()) {
    throw new HostError("wrong", `"${url}" has no version "${wanted}"`, {
      hint: 'Name a version in the settings that was published; "git ls-remote --tags" lists them.',
    });
  }
  await git.run(["checkout", "--quiet", "--force", "--detach", tag(wanted)], { cwd: folder });
  await git.run(["clean", "--quiet", "--force", "-d"], { cwd: folder });
}

function tag(version: string): string {
  return `refs/tags/${version}`;
}

async function reach(url: string, call: () => Promise<string>): Promise<void> {
  try {
    await call();
  } catch (cause) {
    throw new HostError("not yet", `Could not fetch the recipe from "${url}": ${describeError(cause)}`, {
      hint: 'Look whether that address answers from here; the setting "recipes" names it.',
      cause,
    });
  }
}

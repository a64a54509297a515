import { dirname, join } from "node:path";
import { exists, removeTree } from "../../common/files.ts";
import { describeError } from "../../common/errors.ts";
import { compareVersions } from "../../harness/recipe/order_versions.ts";
import { type Git, GitError } from "../../harness/recipe/git.ts";
import { isVersion } from "../../harness/recipe/versions.ts";
import { HostError } from "../errors.ts";
import type { SeenApp } from "../plan/seen.ts";

/**
 * The work tree of a recipe, as it stands. A tree with changes stands at no version, and one that git cannot read is none.
 */
export async function lookAtRecipe(git: Git, folder: string): Promise<SeenApp["recipe"]> {
  if (!await exists(join(folder, ".git"))) return null;
  try {
    const tags = (await git.run(["tag", "--list"], { cwd: folder })).split("\n").filter(isVersion);
    const here = (await git.run(["tag", "--points-at", "HEAD"], { cwd: folder })).split("\n");
    const changes = await git.run(["status", "--porcelain"], { cwd: folder });
    const versions = tags.toSorted(compareVersions).toReversed();
    return { versions, at: changes === "" ? versions.filter((tag) => here.includes(tag)) : [] };
  } catch (error) {
    if (error instanceof GitError) return null;
    throw error;
  }
}

interface Fetch {
  url: string;
  folder: string;
  /** Null: the newest. */
  version: string | null;
}

/**
 * Clones a recipe, or has its clone learn what was published since, and puts its work tree to a version. A clone that
 * something broke, such as a git that was killed, is replaced by a new one.
 * @throws {HostError} not yet, when its address does not answer; wrong, when that version was never published
 */
export async function fetchRecipe(git: Git, recipe: Fetch): Promise<void> {
  if (await lookAtRecipe(git, recipe.folder) !== null) {
    try {
      return await moveTo(git, recipe);
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
    }
  }
  const { url, folder } = recipe;
  const draft = `${folder}.new`;
  await removeTree(draft);
  await Deno.mkdir(dirname(folder), { recursive: true });
  await reach(url, () => git.run(["clone", "--quiet", url, draft]));
  await removeTree(folder);
  await Deno.rename(draft, folder);
  await moveTo(git, recipe);
}

async function moveTo(git: Git, { url, folder, version }: Fetch): Promise<void> {
  const wanted = version ?? (await lookAtRecipe(git, folder))?.versions[0];
  if (wanted === undefined) return;
  const has = async () =>
    (await git.attempt(["rev-parse", "--verify", "--quiet", tag(wanted)], { cwd: folder })).success;
  // A tag that was moved where it is published is moved here as well: git would fetch no other one beside it.
  const fetchTags = () => git.run(["fetch", "--quiet", "--tags", "--force", url], { cwd: folder });
  if (!await has()) await reach(url, fetchTags);
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

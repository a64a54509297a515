import { Fatal, say } from "./output.ts";
import { git, isDirty, releaseTags } from "./git.ts";

/** Where abra keeps everything: `ABRA_DIR`, default `~/.abra`. */
export function abraDir(): string {
  return Deno.env.get("ABRA_DIR") || `${Deno.env.get("HOME") ?? "/root"}/.abra`;
}

/** A recipe below ABRA_DIR. There is one work tree for all apps of that recipe. */
export interface Recipe {
  name: string;
  dir: string;
}

/** `custom-html`, or a recipe on any git host as `git.example.org/people/thing`. */
export function recipeOf(name: string): Recipe {
  if (!/^[a-z0-9][a-z0-9._/-]*$/i.test(name) || name.includes("..")) {
    throw new Fatal(`"${name}" is no recipe name`);
  }
  return { name, dir: `${abraDir()}/recipes/${name.replaceAll(/[./]/g, name.includes("/") ? "_" : "$&")}` };
}

/** Clones the recipe if it is not there. @throws {Fatal} if that would need the network and `offline` is set. */
export async function ensureClone(recipe: Recipe, options: { offline: boolean }): Promise<void> {
  if (isFolder(`${recipe.dir}/.git`)) return;
  if (options.offline) {
    throw new Fatal(`recipe ${recipe.name} is not in ${recipe.dir}, and -o forbids to fetch it`);
  }
  const url = recipe.name.includes("/")
    ? `https://${recipe.name}.git`
    : `https://git.coopcloud.tech/coop-cloud/${recipe.name}.git`;
  Deno.mkdirSync(recipe.dir, { recursive: true });
  try {
    await git(recipe.dir, ["clone", "--quiet", url, "."]);
  } catch (cause) {
    Deno.removeSync(recipe.dir, { recursive: true });
    throw new Fatal(`unable to clone ${url}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Fetches branches and tags from the clone's origin. */
export async function update(recipe: Recipe): Promise<void> {
  await git(recipe.dir, ["fetch", "--quiet", "--tags", "--force", "origin"]);
}

/** @throws {Fatal} when the checkout differs from its commit; untracked files count. */
export async function ensureClean(recipe: Recipe): Promise<void> {
  if (await isDirty(recipe.dir)) {
    throw new Fatal(`${recipe.name} (${recipe.dir}) has locally unstaged changes?`);
  }
}

/**
 * Checks out a release or, where `version` is no tag, a commit.
 * @throws {Fatal} for an unknown version
 */
export async function checkOut(recipe: Recipe, version: string): Promise<void> {
  const tags = await releaseTags(recipe.dir);
  const tag = tags.find(({ name }) => name === version);
  if (tag === undefined && !/^[0-9a-f]{7,40}$/.test(version)) {
    throw new Fatal(
      `${recipe.name} has no version "${version}" (known: ${
        tags.map(({ name }) => name).join(", ") || "none"
      })`,
    );
  }
  await git(recipe.dir, [
    "checkout",
    "--quiet",
    "--force",
    "--detach",
    tag === undefined ? version : `refs/tags/${version}`,
  ]);
}

/** The newest release, or undefined if nothing was ever released. */
export async function newestRelease(recipe: Recipe): Promise<string | undefined> {
  const [newest] = await releaseTags(recipe.dir);
  if (newest === undefined) {
    say("WARN", `${recipe.name} has no published versions, the newest commit is used`);
  }
  return newest?.name;
}

/** Moves the checkout and returns the release it is at; undefined for a commit. */
export async function moveCheckout(recipe: Recipe, wanted: string | undefined): Promise<string | undefined> {
  if (wanted?.endsWith("+U")) {
    throw new Fatal(`cannot redeploy previous chaos version (${wanted}), did you mean to use "--chaos"?`);
  }
  const version = wanted ?? await newestRelease(recipe);
  if (version !== undefined) {
    await checkOut(recipe, version);
    return /^[0-9a-f]{7,40}$/.test(version) ? undefined : version;
  }
  await git(recipe.dir, ["checkout", "--quiet", "--force", "--detach", "origin/HEAD"]);
  return undefined;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory || Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

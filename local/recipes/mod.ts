/** Git repositories of the recipes that the local stack brings along, made on the spot from their sources here. */
import { join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import { execOk } from "../../common/exec.ts";
import { type Commit, histories, type History, type Variant, variants } from "./histories.ts";

export type { Variant };

/** The recipes there are sources for. */
export const recipeNames: string[] = Object.keys(histories);

/** The pull requests of a recipe. */
export function variantsOf(recipe: string): Variant[] {
  return variants.filter((variant) => historyOf(recipe).pullRequests[variant] !== undefined);
}

/** A recipe repository could not be made. */
export class RecipeSourceError extends CcciError {
  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super("recipe.source", message, options);
  }
}

/**
 * Makes the git repository of a recipe: branch `main`, annotated release tags. Authors and dates are fixed, so equal
 * sources give equal commits everywhere.
 * @param target folder that does not exist yet or is empty
 * @throws {RecipeSourceError} for a recipe there are no sources for
 */
export async function buildRecipeRepo(
  recipe: string,
  target: string,
): Promise<{ path: string; head: string; tags: string[] }> {
  const { main } = historyOf(recipe);
  await Deno.mkdir(target, { recursive: true });
  await git(target, ["init", "--quiet", "--initial-branch=main"]);
  const tags: string[] = [];
  for (const [index, step] of main.entries()) {
    await commit(recipe, { target, step, minute: index });
    if (step.tag !== undefined) {
      const { name, message } = step.tag;
      await git(target, ["tag", "--annotate", "--message", message, name], index);
      tags.push(name);
    }
  }
  return { path: target, head: await git(target, ["rev-parse", "HEAD"]), tags };
}

/**
 * Adds the branch of a pull request, one commit on top of `main`, to a repository that {@linkcode buildRecipeRepo}
 * made, and leaves `main` checked out.
 */
export async function buildPullRequest(
  recipe: string,
  target: string,
  variant: Variant,
): Promise<{ branch: string; commit: string; title: string }> {
  const { main, pullRequests } = historyOf(recipe);
  const step = pullRequests[variant];
  if (step === undefined) {
    throw new RecipeSourceError(`Could not make the pull request "${variant}" of "${recipe}": it has none`, {
      hint: `It has ${variantsOf(recipe).join(" and ")}`,
    });
  }
  await git(target, ["checkout", "--quiet", "-B", step.branch, "main"]);
  await commit(recipe, { target, step, minute: main.length });
  const head = await git(target, ["rev-parse", "HEAD"]);
  await git(target, ["checkout", "--quiet", "main"]);
  return { branch: step.branch, commit: head, title: step.message };
}

function historyOf(recipe: string): History {
  const history = Object.hasOwn(histories, recipe) ? histories[recipe] : undefined;
  if (history !== undefined) return history;
  throw new RecipeSourceError(`Could not make the repository of "${recipe}": there are no sources for it`, {
    hint: `There are sources for ${recipeNames.join(" and ")}`,
  });
}

async function commit(
  recipe: string,
  { target, step, minute }: { target: string; step: Commit; minute: number },
): Promise<void> {
  await copyOver(join(import.meta.dirname ?? ".", recipe, step.folder), target);
  await git(target, ["add", "--all"]);
  await git(target, ["commit", "--quiet", "--message", step.message], minute);
}

async function copyOver(source: string, target: string): Promise<void> {
  await Deno.mkdir(target, { recursive: true });
  for await (const entry of Deno.readDir(source)) {
    const from = join(source, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory) await copyOver(from, to);
    else {
      await Deno.writeFile(to, await Deno.readFile(from));
      await Deno.chmod(to, 0o644);
    }
  }
}

/**
 * Runs git without the user's own configuration and without a repository that a hook named in the environment. `minute`
 * counts from a fixed date.
 */
async function git(folder: string, args: string[], minute = 0): Promise<string> {
  const date = new Date(Date.UTC(2026, 0, 5, 9, minute)).toISOString();
  const person = { NAME: "Recipe Maintainer", EMAIL: "maintainer@ci.localhost" };
  const result = await execOk(["git", "-C", folder, ...args], {
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_DATE: date,
      GIT_AUTHOR_NAME: person.NAME,
      GIT_AUTHOR_EMAIL: person.EMAIL,
      GIT_COMMITTER_DATE: date,
      GIT_COMMITTER_NAME: person.NAME,
      GIT_COMMITTER_EMAIL: person.EMAIL,
    },
  });
  return result.stdout.trim();
}

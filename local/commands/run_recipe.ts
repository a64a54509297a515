import { basename, join, resolve } from "node:path";
import { describeError, UsageError } from "../../common/errors.ts";
import { readLocalCall, rehearse } from "../../harness/command/rehearse.ts";
import { exists } from "../../common/files.ts";
import { write } from "../host/command_line.ts";
import { bareSettings, callersFolder, harness, recipesFolder } from "./harness.ts";
import { enrolled } from "../../enrolment/enrolled.ts";
import { providersOf } from "../../enrolment/needs.ts";
import { ensureImages } from "../images/mod.ts";
import { Interruption } from "../host/interruption.ts";
import { inStep, terminalProgress } from "../host/progress.ts";
import { recipeNames } from "../recipes/mod.ts";
import { seedRecipe } from "../stack/seed_recipe.ts";
import { ensureStack, type Part } from "../stack/stack.ts";

/**
 * `./cc-ci run-recipe`: brings up what a run stands on, then is the front of the run itself. Nothing lies between this
 * process and the keeper, so that the keeper learns of its death at once, also where it is killed.
 * @returns the harness' exit code
 */
export async function runRecipe(argv: string[]): Promise<number> {
  let env: Record<string, string> = {};
  try {
    // Help, and complaints about arguments, need nothing that runs.
    const asked = await readCall(argv);
    if (asked !== null) env = asked.testsOnly ? bareSettings() : await prepare(asked.target);
  } catch (error) {
    // Whoever asked for JSON gets some, as from the harness itself.
    if (argv.includes("--json")) write(`${JSON.stringify({ result: null, error: describeError(error) })}\n`);
    throw error;
  }
  return await harness(["run-recipe", ...argv], env);
}

/**
 * Reads the call as the harness will, and refuses what it would refuse, as far as that can be known without a stack.
 * @returns what is to be tested; null for a call that the harness answers by itself: help, or arguments that make no
 * sense
 * @throws {UsageError}
 */
export async function readCall(
  argv: string[],
): Promise<{ target: string; testsOnly: boolean } | null> {
  const call = readLocalCall(argv);
  if (call === null) return null;
  await refuseUnknown(call.target);
  await rehearse(call, bareSettings());
  return { target: call.target, testsOnly: call.options.testsOnly ?? false };
}

/** Name of the recipe a target is about. */
export function recipeOf(target: string): string {
  return basename(target.replace(/\/+$/, "")).replace(/\.git$/, "");
}

/** Whether a target is a recipe's name and neither a path nor a URL. */
function isName(target: string): boolean {
  return /^[a-z0-9][a-z0-9-]*$/.test(target);
}

/** Refuses a word that names no recipe before anything is built for it. */
async function refuseUnknown(target: string): Promise<void> {
  const recipes = recipesFolder();
  // A folder that is not there is the harness' to complain of.
  if (!isName(target) || !await exists(recipes)) return;
  const here = resolve(callersFolder(), target);
  if (await exists(join(recipes, target)) || await exists(here)) return;
  throw new UsageError(`There is no recipe "${target}"`, {
    hint: `Enrolled are: ${(await enrolled(recipes)).join(", ")}. A path or a git URL will do as well`,
  });
}

/** The stack, and for a recipe that this project brings along its images and its repository on the forge. */
async function prepare(target: string): Promise<Record<string, string>> {
  const progress = terminalProgress();
  using interruption = new Interruption();
  const { signal } = interruption;
  const recipe = recipeOf(target);
  // An enrolled name is looked up on the forge; a checkout or a URL needs no forge.
  const providers = (await providersOf(recipesFolder(), recipe)).map((one) => one.recipe);
  const parts: Part[] = isName(target) || providers.length > 0
    ? ["gitea", "backup-bot"]
    : ["traefik", "backup-bot"];
  const stack = await ensureStack({ progress, parts, signal });
  const { cache, engineIsOurs } = stack;
  for (const one of [recipe, ...providers]) {
    await ensureImages(one, { progress, signal, cache, engineIsOurs });
  }
  for (const one of isName(target) ? [recipe, ...providers] : providers) {
    if (!recipeNames.includes(one)) continue;
    await inStep(progress, `Repository of ${one}`, async () => void await seedRecipe(stack, one));
  }
  signal.throwIfAborted();
  return stack.env;
}

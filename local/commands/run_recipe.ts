import { describeError } from "../../common/errors.ts";
import { readLocalCall, rehearse } from "../../harness/command/rehearse.ts";
import type { RunRequest } from "../../harness/run/request.ts";
import { write } from "../../common/output.ts";
import { bareSettings, harness, recipesFolder } from "./harness.ts";
import { isOnForge } from "./on_forge.ts";
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
    if (asked !== null) env = asked.testsOnly ? bareSettings() : await prepare(asked.request);
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
): Promise<{ request: RunRequest; testsOnly: boolean } | null> {
  const call = readLocalCall(argv);
  if (call === null) return null;
  const request = await rehearse(call, bareSettings());
  return { request, testsOnly: call.options.testsOnly ?? false };
}

/** What has to be there for a run. */
interface Base {
  parts: Part[];
  /** Recipes whose images are needed. */
  images: string[];
  /** Recipes that are fetched from the forge. */
  repositories: string[];
}

/** The base of a run: its recipe, and those that have to be deployed before it, which come from the forge always. */
export async function baseOf({ recipe, source }: RunRequest, recipes: string): Promise<Base> {
  const providers = (await providersOf(recipes, recipe)).map((one) => one.recipe);
  const images = [recipe, ...providers];
  const repositories = isOnForge(source) ? images : providers;
  return { parts: [repositories.length > 0 ? "gitea" : "traefik", "backup-bot"], images, repositories };
}

/** The stack, and for recipes that this project brings along their images and their repositories on the forge. */
async function prepare(request: RunRequest): Promise<Record<string, string>> {
  const progress = terminalProgress();
  using interruption = new Interruption();
  const { signal } = interruption;
  const { parts, images, repositories } = await baseOf(request, recipesFolder());
  const stack = await ensureStack({ progress, parts, signal });
  const { cache, engineIsOurs } = stack;
  for (const one of images) await ensureImages(one, { progress, signal, cache, engineIsOurs });
  for (const one of repositories) {
    if (!recipeNames.includes(one)) continue;
    await inStep(progress, `Repository of ${one}`, async () => void await seedRecipe(stack, one));
  }
  signal.throwIfAborted();
  return stack.env;
}

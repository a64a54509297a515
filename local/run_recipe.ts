import { basename, join, resolve } from "node:path";
import { UsageError } from "../common/errors.ts";
import { exists } from "./files.ts";
import { imagesOfRecipe } from "./images/catalogue.ts";
import { ensureImages } from "./images/mod.ts";
import { Interruption } from "./interruption.ts";
import { pathsFromEnvironment } from "./paths.ts";
import { inStep, terminalProgress } from "./progress.ts";
import { recipeNames } from "./recipes/mod.ts";
import { seedRecipe } from "./seed.ts";
import { ensureStack, type Part } from "./stack.ts";

/**
 * `./cc-ci run-recipe`: what a run stands on, then the harness with its own permissions, attached to this terminal.
 * @returns the harness' exit code
 */
export async function runRecipe(argv: string[]): Promise<number> {
  const target = targetOf(argv);
  // Help, and complaints about missing arguments, need nothing that runs.
  if (target === undefined) return await harness("run-recipe", { argv, env: {} });
  await refuseUnknown(target);
  return await harness("run-recipe", { argv, env: await prepare(target) });
}

/** Options of `run-recipe` that take a value. */
const VALUED = ["--ref", "--base", "--only"];

/** The recipe, path or URL among the arguments; nothing when help is asked for or it is missing. */
export function targetOf(argv: string[]): string | undefined {
  if (argv.some((word) => word === "-h" || word === "--help")) return undefined;
  return argv.find((word, at) => !word.startsWith("-") && !VALUED.includes(argv[at - 1] ?? ""));
}

/** Name of the recipe a target is about. */
export function recipeOf(target: string): string {
  return basename(target.replace(/\/+$/, "")).replace(/\.git$/, "");
}

/** Whether a target is a recipe's name and neither a path nor a URL. */
function isName(target: string): boolean {
  return /^[a-z0-9][a-z0-9-]*$/.test(target);
}

/** A word that names nothing is said so before anything is built for it. */
async function refuseUnknown(target: string): Promise<void> {
  if (!isName(target)) return;
  const { repo } = pathsFromEnvironment();
  const here = resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), target);
  if (await exists(join(repo, "recipes", target)) || await exists(here)) return;
  const enrolled = (await Array.fromAsync(Deno.readDir(join(repo, "recipes"))))
    .filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
  throw new UsageError(`There is no recipe "${target}"`, {
    hint: `Enrolled are: ${enrolled.join(", ")}. A path or a git URL will do as well`,
  });
}

/** The stack, and for a recipe that this project brings along its images and its repository on the forge. */
async function prepare(target: string): Promise<Record<string, string>> {
  const progress = terminalProgress();
  using interruption = new Interruption();
  const { signal } = interruption;
  const recipe = recipeOf(target);
  // An enrolled name is looked up on the forge; a checkout or a URL needs none.
  const parts: Part[] = isName(target) ? ["gitea", "backup-bot"] : ["traefik", "backup-bot"];
  const stack = await ensureStack({ progress, parts, signal });
  if (recipe in imagesOfRecipe) {
    await ensureImages(recipe, { progress, signal, cache: stack.cache, engineIsOurs: stack.engineIsOurs });
  }
  if (isName(target) && recipeNames.includes(recipe)) {
    await inStep(progress, `Repository of ${recipe}`, async () => void await seedRecipe(stack, recipe));
  }
  signal.throwIfAborted();
  return stack.env;
}

/**
 * The harness with its own permissions, attached to this terminal. When this process is killed it is told so.
 * @returns its exit code
 */
export async function harness(
  command: string,
  { argv, env }: { argv: string[]; env: Record<string, string> },
): Promise<number> {
  const program = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--permission-set=harness",
    "harness.ts",
  ];
  const child = new Deno.Command("setpriv", {
    args: ["--pdeathsig", "TERM", "--", ...program, command, ...argv],
    cwd: pathsFromEnvironment().repo,
    env: { ...env, INIT_CWD: Deno.env.get("INIT_CWD") ?? Deno.cwd() },
  }).spawn();
  // Ctrl-C reaches the harness from the terminal; TERM is passed on. Either way it tears down, and is waited for.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => {
    try {
      child.kill("SIGTERM");
    } catch { /* it has just ended */ }
  });
  return (await child.status).code;
}

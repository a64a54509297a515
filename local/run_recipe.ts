import { inStep, terminalProgress } from "./progress.ts";
import { ensureStack } from "./stack.ts";

/**
 * `./cc-ci run-recipe`: what a run stands on, then the harness with its own permissions, attached to this terminal.
 * @returns the harness' exit code
 */
export async function runRecipe(argv: string[]): Promise<number> {
  const progress = terminalProgress();
  const recipe = argv.find((word) => !word.startsWith("-"));
  const stack = await ensureStack({ progress, parts: ["gitea"] });
  if (recipe !== undefined && /^[a-z0-9][a-z0-9-]*$/.test(recipe)) {
    const { imagesOfRecipe } = await import("./images/catalogue.ts");
    if (recipe in imagesOfRecipe) {
      const { ensureImages } = await import("./images/mod.ts");
      const { seedRecipe } = await import("./seed.ts");
      await ensureImages(recipe, { progress, cache: stack.cache, engineIsOurs: stack.engineIsOurs });
      await inStep(progress, `Repository of ${recipe}`, async () => void await seedRecipe(stack, recipe));
    }
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--permission-set=harness", "harness.ts", "run-recipe", ...argv],
    cwd: stack.paths.repo,
    env: { ...stack.env, INIT_CWD: Deno.env.get("INIT_CWD") ?? Deno.cwd() },
  }).spawn();
  // The terminal sends Ctrl-C to the harness as well, which tears down; it is waited for.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      if (signal === "SIGTERM") child.kill("SIGTERM");
    });
  }
  return (await child.status).code;
}

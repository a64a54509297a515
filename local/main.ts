import { carryOut, type Commands } from "./host/command_line.ts";

/** The commands of `./cc-ci` that are about the local stack; each loads what it needs and no more. */
export const commands: Commands = {
  demo: async (argv) => await (await import("./demo/main.ts")).demo(argv),
  up: async (argv) => await (await import("./commands/up.ts")).up(argv),
  down: async (argv) => await (await import("./commands/up.ts")).down(argv),
  status: async (argv) => await (await import("./commands/status.ts")).status(argv),
  "run-recipe": async (argv) => await (await import("./commands/run_recipe.ts")).runRecipe(argv),
  enroll: async (argv) => await (await import("./commands/enroll.ts")).enroll(argv),
  recipes: async (argv) => await (await import("./commands/recipes.ts")).recipes(argv),
  janitor: async (argv) => await (await import("./commands/janitor.ts")).janitor(argv),
  remove: async (argv) => await (await import("./commands/janitor.ts")).remove(argv),
  bundle: async (argv) => await (await import("./commands/bundle.ts")).bundle(argv),
  units: async (argv) => await (await import("./commands/units.ts")).units(argv),
  secrets: async (argv) => await (await import("./commands/secrets.ts")).secrets(argv),
  install: async (argv) => await (await import("./commands/install.ts")).install(argv),
  uninstall: async (argv) => await (await import("./commands/install.ts")).uninstall(argv),
  "abra-contract": async (argv) => await (await import("./commands/abra_contract.ts")).checkContract(argv),
};

const usage = 'Usage: ./cc-ci COMMAND [ARGUMENTS]; "./cc-ci help" lists the commands\n';

if (import.meta.main) Deno.exit(await carryOut(commands, { noun: "command", usage, argv: Deno.args }));

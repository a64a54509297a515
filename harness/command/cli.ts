import { Command } from "commander";
import { callEnding } from "../../common/call_ending.ts";
import { complain, write } from "../../common/output.ts";
import { explain } from "./explain.ts";
import { PROGRAM } from "../run/own_command.ts";
import { runRecipeCommand, type RunRecipeOptions } from "./run_recipe_options.ts";

/** Each command loads what it needs and no more. */
const load = {
  ci: () => import("./ci.ts"),
  floor: () => import("./floor.ts"),
  front: () => import("./front.ts"),
  janitor: () => import("./janitor.ts"),
  recipes: () => import("./recipes.ts"),
  recipesList: () => import("./recipes_list.ts"),
  remove: () => import("./remove.ts"),
  revisions: () => import("./refuse_missing.ts"),
  settings: () => import("../run/settings.ts"),
  testsOnly: () => import("./tests_only.ts"),
  targets: () => import("./local_request.ts"),
};

/** Runs the command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command(Deno.env.get(PROGRAM) ?? "harness")
    .description("Tests one recipe at one commit on this machine's Docker Swarm")
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: write });
  const runRecipe = runRecipeCommand().copyInheritedSettings(program)
    .action(async (target: string, options: RunRecipeOptions) => {
      const settings = (await load.settings()).readSettings();
      const request = await (await load.targets()).localRequest(target, {
        ...options,
        settings,
        tell: complain,
      });
      if (options.testsOnly) {
        const { testsOnly } = await load.testsOnly();
        const { app, json = false } = options;
        code = await testsOnly(request, {
          settings,
          json,
          say: write,
          ...(app === undefined ? {} : { app }),
        });
        return;
      }
      await (await load.revisions()).refuseMissing(request, settings);
      code = await (await load.front()).runFront(request, { settings, json: options.json ?? false });
    });
  program.addCommand(runRecipe);
  program.command("ci")
    .description("run as a CI engine asks: parameters RECIPE, REF, PR, SRC and RUN in the environment")
    .option("--json", "print the result as one JSON object on the last line of standard output")
    .action(async (options: { json?: boolean }) => {
      code = await (await load.ci()).ci({ json: options.json ?? false });
    });
  const recipes = program.command("recipes").description("the enrolled recipes");
  recipes.command("check")
    .description("look for mistakes in enrolments: recipe.yml, the files that it names, and tests")
    .argument("[names...]", "recipes; without names all of them")
    .action(async (names: string[]) => {
      const settings = (await load.settings()).readSettings();
      const { recipesCheck } = await load.recipes();
      code = await recipesCheck(names, { settings, say: write, signal: new AbortController().signal });
    });
  recipes.command("list")
    .description(
      "list them, with the last run of each that this machine or the dashboard (CCCI_DASHBOARD_URL) knows",
    )
    .action(async () => {
      const { readSettings, readDashboardUrl } = await load.settings();
      const settings = readSettings();
      const { dashboardAt, recipesList } = await load.recipesList();
      const dashboard = dashboardAt(readDashboardUrl(), settings);
      code = await recipesList(settings, { say: write, width: columns(), ...dashboard });
    });
  program.command("remove")
    .description("remove what a run with --keep left up")
    .argument("<run>", "the run's name, or its folder")
    .action(async (run: string) => {
      const runs = async () => (await load.settings()).readSettings().RUNS;
      code = await (await load.remove()).remove(run, { runs, say: write });
    });
  program.command("janitor")
    .description(
      "remove what runs left whose keeper died, old stacks that no run knows and, on a full disk, images of runs",
    )
    .option("--dry-run", "only say what would be removed")
    .action(async (options: { dryRun?: boolean }) => {
      const settings = (await load.settings()).readSettings();
      const { runJanitor } = await load.janitor();
      code = await runJanitor(settings, { dryRun: options.dryRun ?? false, say: write });
    });
  program.command("floor")
    .description("say whether Docker here gives every container of a run limits, and how it comes to")
    .action(async () => {
      const settings = (await load.settings()).readSettings();
      code = await (await load.floor()).floor(settings, write);
    });

  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return callEnding(error, (why) => explain(why, { json: argv.includes("--json") }));
  }
}

/** Columns for a table on standard output; what is written to a file gets those of a usual terminal. */
function columns(): number {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 80;
  } catch {
    return 80;
  }
}

import { Command, CommanderError } from "commander";
import { CcciError, describeError, UsageError } from "../common/errors.ts";
import { exitCodes } from "../protocol/result.ts";
import { runRecipeCommand, type RunRecipeOptions } from "./run_recipe_command.ts";

/**
 * Each command loads what it needs and no more: a run starts this program three times, and only one of the three needs
 * a browser.
 */
const load = {
  ciRequest: () => import("./ci_request.ts"),
  front: () => import("./front.ts"),
  janitor: () => import("./run_janitor.ts"),
  keeper: () => import("./keeper.ts"),
  remove: () => import("./remove.ts"),
  revisions: () => import("./revisions.ts"),
  settings: () => import("./settings.ts"),
  targets: () => import("./targets.ts"),
  worker: () => import("./worker.ts"),
};

/** What the program is called in its help, where people start it by another name. */
const PROGRAM = "CCCI_PROGRAM";

/** Runs the command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command(Deno.env.get(PROGRAM) ?? "harness")
    .description("Tests one recipe at one commit on this machine's Docker Swarm")
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: say });
  const runRecipe = runRecipeCommand().copyInheritedSettings(program)
    .action(async (target: string, options: RunRecipeOptions) => {
      const settings = (await load.settings()).readSettings();
      const request = await (await load.targets()).localRequest(target, {
        ...options,
        settings,
        tell: (text) => complain(`${text}\n`),
      });
      await (await load.revisions()).refuseMissing(request, settings);
      code = await (await load.front()).runFront(request, { settings, json: options.json ?? false });
    });
  program.addCommand(runRecipe);
  program.command("ci")
    .description("run as a CI engine asks: parameters RECIPE, REF, PR, SRC and RUN in the environment")
    .option("--json", "print the result as one JSON object on the last line of standard output")
    .action(async (options: { json?: boolean }) => {
      const { runFront, startKeeper } = await load.front();
      const keeper = startKeeper(`${Deno.env.get("CCCI_RUNS")}/${Deno.env.get("RUN")}`);
      const settings = (await load.settings()).readSettings();
      const request = (await load.ciRequest()).ciRequest();
      code = await runFront(request, { settings, json: options.json ?? false, keeper });
    });
  program.command("remove")
    .description("remove what a run with --keep left up")
    .argument("<folder>", "the run's folder")
    .action(async (folder: string) => {
      code = await (await load.remove()).remove(folder, say);
    });
  program.command("janitor")
    .description("remove what runs left whose keeper died, and old stacks that no run knows")
    .option("--dry-run", "only say what would be removed")
    .action(async (options: { dryRun?: boolean }) => {
      const settings = (await load.settings()).readSettings();
      const { runJanitor } = await load.janitor();
      code = await runJanitor(settings, { dryRun: options.dryRun ?? false, say });
    });
  program.command("keeper", { hidden: true }).argument("<folder>")
    .action(async () => await (await load.keeper()).keep());
  program.command("worker", { hidden: true }).argument("<folder>")
    .action(async (folder: string) => await (await load.worker()).work(folder));

  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return explain(error, { json: argv.includes("--json") });
  }
}

/** A sentence for people; the stack only for those who look for a mistake in this suite. */
function explain(error: unknown, options: { json: boolean }): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const message = error instanceof CommanderError
    ? error.message.replace(/^error: /, "").replace(/^./, (letter) => letter.toUpperCase())
    : describeError(error);
  complain(`${message}\n`);
  if (error instanceof CcciError && error.hint !== undefined) complain(`${error.hint}\n`);
  if (Deno.env.get("CCCI_DEBUG") === "1" && error instanceof Error) complain(`${error.stack}\n`);
  if (options.json) say(`${JSON.stringify({ result: null, error: message })}\n`);
  const usage = error instanceof UsageError || error instanceof CommanderError;
  return usage ? 2 : exitCodes.infra;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function complain(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

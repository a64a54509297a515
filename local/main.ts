import { Command, CommanderError } from "commander";
import { CcciError, describeError, UsageError } from "../common/errors.ts";
import { engineOption } from "./host/engine_option.ts";
import { Interrupted, Interruption } from "./host/interruption.ts";
import { terminalProgress } from "./host/progress.ts";
import { runRecipe } from "./commands/run_recipe.ts";
import { type EngineName, ensureStack, stopStack } from "./stack/stack.ts";
import { printStatus, stackStatus, statusText } from "./commands/status.ts";

const encoder = new TextEncoder();

async function up({ expose = false, ...engine }: { engine?: EngineName; expose?: boolean }): Promise<number> {
  using interruption = new Interruption();
  const { signal } = interruption;
  await ensureStack({ progress: terminalProgress(), expose, signal, ...engine });
  await printStatus(write);
  return 0;
}

async function down(): Promise<number> {
  using interruption = new Interruption();
  await stopStack({ progress: terminalProgress(), signal: interruption.signal });
  return 0;
}

async function status(options: { json?: boolean }): Promise<number> {
  const seen = await stackStatus();
  write(options.json ? JSON.stringify(seen) + "\n" : statusText(seen));
  return 0;
}

async function stackForContract(): Promise<void> {
  using interruption = new Interruption();
  await ensureStack({
    progress: terminalProgress(),
    parts: ["traefik", "backup-bot"],
    signal: interruption.signal,
  });
}

/** The command line behind `./cc-ci`. Answers the exit code. */
export async function main(argv: string[]): Promise<number> {
  let code = 0;
  const ending = (work: Promise<number>) => work.then((value) => void (code = value));
  const program = new Command("cc-ci")
    .description("Tests Co-op Cloud recipes the way people run them.")
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: writeError })
    .enablePositionalOptions()
    .showHelpAfterError('"./cc-ci help" lists the commands.');
  const passing = (name: string, about: string, start: (rest: string[]) => Promise<number>) =>
    program.command(name).description(about).argument("[arguments...]").allowUnknownOption()
      .passThroughOptions()
      .helpOption(false).action((rest: string[]) => ending(start(rest)));
  passing(
    "demo",
    "the whole story: a !testme on a pull request of a real forge, until its verdict",
    async (rest) => {
      return await (await import("./demo/main.ts")).demo(rest);
    },
  );
  passing("test", "format, lint, types, unit tests and end-to-end tests", async (rest) => {
    return await (await import("../e2e/main.ts")).test(rest);
  });
  program.command("up").description("start the local stack: Swarm, Traefik, Gitea, dashboard, bridge")
    .addOption(engineOption())
    .option("--expose", "use a Swarm that publishes beyond this machine")
    .action((options) => ending(up(options)));
  program.command("down").description("stop it and remove everything it made, apart from its cache")
    .action(() => ending(down()));
  program.command("status").description("what runs, where it answers, and who may log in")
    .option("--json", "one JSON object")
    .action((options) => ending(status(options)));
  passing(
    "run-recipe",
    "test one recipe: a name, a path, or a git URL",
    (rest) => runRecipe(rest, write),
  );
  passing("janitor", "remove what test runs left that died", async (rest) => {
    return await (await import("./commands/janitor.ts")).janitor(rest, write);
  });
  passing("abra-contract", "check that the abra in use does what the harness relies on", async (rest) => {
    await stackForContract();
    return await (await import("./abra/contract/main.ts")).abraContract(rest);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    return failed(error);
  }
}

/** Says what went wrong in plain words. 2: something about the call or this machine that its owner has to change. */
function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  writeError(`${describeError(error)}\n`);
  if (error instanceof CcciError && error.hint !== undefined) writeError(`${error.hint}\n`);
  if (!(error instanceof CcciError) && Deno.env.get("CCCI_DEBUG")) {
    writeError(`${error instanceof Error ? error.stack : ""}\n`);
  }
  if (error instanceof Interrupted) return 130;
  return error instanceof UsageError ? 2 : 1;
}

function write(text: string): void {
  Deno.stdout.writeSync(encoder.encode(text));
}

function writeError(text: string): void {
  try {
    Deno.stderr.writeSync(encoder.encode(text));
  } catch { /* nobody listens */ }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

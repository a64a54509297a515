import { Command, CommanderError } from "commander";
import { CcciError, describeError, UsageError } from "../../common/errors.ts";
import { type Finding, preconditions } from "../checks/preconditions.ts";
import { credentialsFolder, credentialsIn } from "../credentials.ts";
import { exitCodes, HostError, type Outcome } from "../errors.ts";
import { readSettings, SETTINGS_FILE } from "../settings.ts";

interface Options {
  json?: boolean;
  settings: string;
}

/** Runs the command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("cc-ci-host")
    .description(
      "Brings this host to what its settings say.\n" +
        "Exit codes: 0 converged, 1 wrong until somebody puts it right, 2 wrong usage or settings, 3 not yet.",
    )
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: say });
  let code = 0;
  withOptions(program.command("check").description("look whether all is there that the host needs"))
    .action(async (options: Options) => {
      const settings = await readSettings(options.settings);
      const credentials = credentialsIn(credentialsFolder(settings));
      code = report(await preconditions(settings, { credentials, now: Date.now() }), options);
    });

  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    const json = argv.includes("--json");
    if (!(error instanceof CommanderError)) return explain(error, { json });
    if (error.exitCode === 0) return 0;
    const said = error.code === "commander.help" ? 'Name a command: "--help" lists them' : error.message;
    return explain(
      new UsageError(said.replace(/^error: /, "").replace(/^./, (letter) => letter.toUpperCase())),
      {
        json,
      },
    );
  }
}

function withOptions(command: Command): Command {
  return command
    .option("--json", "print what was done as one JSON object on the last line of standard output")
    .option("--settings <file>", "the settings of this host", SETTINGS_FILE);
}

/** Says of each thing whether it is there, one line each. @returns the exit code */
function report(findings: readonly Finding[], { json = false }: Pick<Options, "json">): number {
  const outcome = worst(findings.map((one) => one.outcome));
  for (const one of findings) say(`${one.outcome === "converged" ? "✔" : "✖"} ${one.what}: ${one.text}\n`);
  if (json) say(`${JSON.stringify({ outcome, findings })}\n`);
  return exitCodes[outcome];
}

function worst(outcomes: readonly Outcome[]): Outcome {
  return (["wrong", "usage", "not yet"] as const).find((one) => outcomes.includes(one)) ?? "converged";
}

/** Says why a command could not be carried out, and what to do. @returns the exit code */
function explain(error: unknown, { json }: { json: boolean }): number {
  const outcome = error instanceof UsageError
    ? "usage"
    : error instanceof HostError
    ? error.outcome
    : "wrong";
  const message = describeError(error);
  const hint = error instanceof CcciError ? error.hint : undefined;
  complain(hint === undefined ? message : `${message}. ${hint}`);
  if (json) say(`${JSON.stringify({ outcome, message, hint })}\n`);
  return exitCodes[outcome];
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function complain(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

import { Command } from "commander";
import { callEnding } from "../../common/call_ending.ts";
import { UsageError } from "../../common/errors.ts";
import { write } from "../../common/output.ts";
import { type PartName, partNames } from "../reconcile/part_names.ts";
import { HostError } from "../errors.ts";
import { SETTINGS_FILE } from "../settings.ts";
import { bridgeState } from "../units.ts";
import { explain } from "./output.ts";

/** Each command loads what it needs and no more. */
const load = {
  check: () => import("./check.ts"),
  converge: () => import("./converge.ts"),
  drain: () => import("./drain.ts"),
};

interface Options {
  json?: boolean;
  dryRun?: boolean;
  settings: string;
}

const PARTS: Record<PartName | "all", string> = {
  swarm: 'Docker\'s bridge with known addresses, the Swarm, the network "proxy", log-ins of Docker and git',
  proxy: "the recipe traefik with the certificate for the domain, and routes to dashboard and bridge",
  routes: "only these routes",
  "backup-bot": "the recipe backup-bot-two",
  drone: "the recipe drone, and the settings of the pipelines' repository in it",
  all: "everything that the settings ask for",
};

/** Runs the command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => stop.abort(endedBy(signal)));
  }
  const { signal } = stop;
  let code = 0;
  const program = new Command("cc-ci-host")
    .description(
      "Makes this host what its settings say, and says what it did. A second call finds nothing to do.\n" +
        "Exit codes: 0 converged, 1 wrong until somebody puts it right, 2 wrong usage or settings, 3 not yet.",
    )
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: write });
  for (const name of [...partNames, "all"] as const) {
    common(program.command(name).description(PARTS[name]))
      .option("--dry-run", "only say what would be done")
      .action(async (options: Options) => {
        const { converge } = await load.converge();
        code = await converge(name, { ...options, signal });
      });
  }
  common(program.command("check").description("look whether all is there that the host needs, one line each"))
    .action(async (options: Options) => {
      code = await (await load.check()).check({ ...options, signal });
    });
  common(program.command("drain").description("hold new runs back and wait until those under way have ended"))
    .option("--minutes <n>", "how long to wait", whole, 60)
    .option("--why <text>", "what people are told meanwhile", "This host is being worked on")
    .option("--off", "let runs start again")
    .option("--state <dir>", "state folder of the bridge", bridgeState())
    .action(async (options: Options & { minutes: number; why: string; off?: boolean; state: string }) => {
      await (await load.drain()).drain({ ...options, signal });
    });

  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return callEnding(
      signal.aborted ? signal.reason : error,
      (why) => explain(why, { json: argv.includes("--json") }),
    );
  }
}

/** Whoever ended the program ended no work of its own: systemd starts a unit again that took too long. */
function endedBy(signal: string): HostError {
  return new HostError("not yet", `Ended by ${signal}`, {
    hint: "Start again: it goes on where it was ended.",
  });
}

function common(command: Command): Command {
  return command
    .option("--json", "print what came of it as one JSON object on the last line of standard output")
    .option("--settings <file>", "the settings of this host", SETTINGS_FILE);
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new UsageError(`"${text}" is no number of minutes`);
}

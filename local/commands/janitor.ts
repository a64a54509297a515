import { join } from "node:path";
import { engineAnswers, engineClient } from "../docker/client.ts";
import { write } from "../../common/output.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { harness } from "./harness.ts";

/**
 * `./cc-ci janitor`: the harness' own, with the settings of the stack that runs here. Starts nothing.
 * @returns the harness' exit code; 0 where no stack runs, and so no app of a run can
 */
export function janitor(argv: string[]): Promise<number> {
  return cleanUp("janitor", argv);
}

/** `./cc-ci remove RUN`: takes down what a run with `--keep` left up; otherwise like {@linkcode janitor}. */
export function remove(argv: string[]): Promise<number> {
  return cleanUp("remove", argv);
}

async function cleanUp(command: "janitor" | "remove", argv: string[]): Promise<number> {
  const help = argv.some((word) => word === "-h" || word === "--help");
  const env = await Deno.readTextFile(join(pathsFromEnvironment().state, "env.json")).catch(() => null);
  const stackRuns = env !== null && await engineAnswers(engineClient()) === "yes";
  if (!stackRuns && !help) {
    write("No stack runs here, so there is nothing to clean up\n");
    return 0;
  }
  return await harness([command, ...argv], JSON.parse(env ?? "{}"));
}

import { shellWord } from "../../common/shell_word.ts";
import { startCommand } from "../../programs/start.ts";
import { StackError } from "../host/errors.ts";
import type { Paths } from "../host/paths.ts";

/** The harness as `.drone.yml` calls it: a command on the PATH of the runner, which hands that to every step. */
export const INSTALLED = "cc-ci-harness";

/**
 * The project's `.drone.yml` with this machine's harness in place of the installed one; nothing else differs.
 * @param harness absolute path without blanks
 * @throws {StackError} if it does not name the installed harness exactly once
 */
export function localPipelines(text: string, harness: string): string {
  const parts = text.split(INSTALLED);
  if (parts.length !== 2) {
    throw new StackError(`Could not prepare ".drone.yml": it names "${INSTALLED}" ${parts.length - 1} times`);
  }
  return parts.join(shellWord(harness));
}

/**
 * The program that stands for the installed harness. A step of Drone's has a throw-away home and hardly any
 * environment, so the settings are in it, as they are in the installed one.
 */
export function harnessWrapper({ paths, env }: { paths: Paths; env: Record<string, string> }): string {
  const settings = Object.entries(env).map(([name, value]) => `export ${name}=${shellWord(value)}\n`);
  const command = startCommand("harness", { home: paths.programs });
  return `#!/bin/sh
# The harness with the settings of this stack, for Drone's runner. Written by "./cc-ci up --engine drone".
${settings.join("")}exec ${command.map(shellWord).join(" ")} "$@"
`;
}

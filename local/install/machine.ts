import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exists } from "../../common/files.ts";
import type { HostSettings } from "../../host/settings.ts";
import { isRoot, onPath } from "../host/host.ts";

/** What a machine lacks before anything can be installed, each as a sentence that says what to do. */
export async function lacking(
  { abra, docker }: HostSettings,
  { prefix }: { prefix: string },
): Promise<string[]> {
  const lacks: string[] = [];
  if (!isRoot()) lacks.push('This needs root: start it with "sudo".');
  if (!await exists("/run/systemd/system")) {
    lacks.push("systemd does not run here: install on a machine that systemd started.");
  }
  if (!await exists(docker)) {
    lacks.push(
      `Docker does not run: there is no "${docker}". Install Docker Engine (Debian's package is docker.io), or name its socket in "docker" of the settings.`,
    );
  }
  const own = join(prefix, "bin", abra);
  if (!await exists(abra.startsWith("/") ? abra : own) && await onPath(abra) === undefined) {
    lacks.push(
      `abra is not there: "${abra}" is on no path. Put abra 0.13 into /usr/local/bin, or name it in "abra" of the settings.`,
    );
  }
  return lacks;
}

/** @throws {UsageError} with all that is lacking */
export async function requireMachine(settings: HostSettings, options: { prefix: string }): Promise<void> {
  const lacks = await lacking(settings, options);
  if (lacks.length > 0) {
    throw new UsageError("Could not install: this machine is not ready", { hint: lacks.join("\n") });
  }
}

/** What starts and stops things on the machine that is installed on. */
export interface Actor {
  /** Runs a program that people see. @returns its exit code */
  run(argv: readonly string[]): Promise<number>;
}

export const thisMachine: Actor = {
  async run([program = "", ...args]) {
    const { code } = await new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    })
      .output();
    return code;
  },
};

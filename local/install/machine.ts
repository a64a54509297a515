import { join } from "node:path";
import * as z from "zod";
import { UsageError } from "../../common/errors.ts";
import { exists, readIfThere } from "../../common/files.ts";
import { engineConfiguration } from "../../harness/floor/engine.ts";
import type { HostSettings } from "../../host/settings.ts";
import { isRoot, onPath } from "../host/host.ts";

/** Where Docker Engine reads what it is to do. */
const ENGINE_CONFIGURATION = "/etc/docker/daemon.json";
/** Programs that the host's program and runs call, by the packages of Debian that have them; of a list any will do. */
const PROGRAMS: [debian: string, ...programs: string[]][] = [
  ["git", "git"],
  ["openssl", "openssl"],
  ["chromium-headless-shell", "chromium-headless-shell", "chromium"],
  ["libnss3-tools", "certutil"],
  ["iptables", "iptables-restore"],
  ["iproute2", "ip"],
  ["util-linux", "setpriv"],
];

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
  const packages: string[] = [];
  for (const [name, ...programs] of PROGRAMS) {
    const found = await Promise.all(programs.map(onPath));
    if (found.every((path) => path === undefined)) packages.push(name);
  }
  if (packages.length > 0) {
    const names = packages.join(" ");
    lacks.push(`Programs are missing that runs need: Debian has them in "apt-get install ${names}".`);
  }
  const runtime = join(prefix, "programs", "floor", "runtime.sh");
  if (!await namesRuntime(runtime)) {
    lacks.push(
      `Docker would give containers of runs no limits. Put this into "${ENGINE_CONFIGURATION}", beside what is ` +
        `there, and restart Docker: ${JSON.stringify(engineConfiguration(runtime))}`,
    );
  }
  return lacks;
}

/** Whether Docker is told to start containers by the runtime that will lie there, or by another one that is there. */
async function namesRuntime(runtime: string): Promise<boolean> {
  try {
    const told: unknown = JSON.parse(await readIfThere(ENGINE_CONFIGURATION) ?? "{}");
    const { runtimes, "default-runtime": name } = configuration.parse(told);
    const path = runtimes[name]?.path;
    return path !== undefined && (path === runtime || await exists(path));
  } catch {
    return false; // Docker does not start with it either.
  }
}

const configuration = z.object({
  runtimes: z.record(z.string(), z.object({ path: z.string().optional() })).default({}),
  "default-runtime": z.string().default(""),
});

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

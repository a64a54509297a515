import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exists } from "../../common/files.ts";
import { engineAt, engineConfiguration, runtimeTrouble } from "../../harness/floor/engine.ts";
import type { HostSettings } from "../../host/settings.ts";
import { lookAtUnits } from "../../host/world/systemd.ts";
import { isRoot, onPath } from "../host/host.ts";
import { ENGINE_CONFIGURATION, runtimesTold } from "./engine.ts";
import { unitsAmong } from "./pieces.ts";

/** Programs that the host's program and runs call, by the packages of Debian that have them; of a list any will do. */
const PROGRAMS: [debian: string, ...programs: string[]][] = [
  ["git", "git"],
  ["openssl", "openssl"],
  ["chromium-headless-shell", "chromium-headless-shell", "chromium"],
  ["libnss3-tools", "certutil"],
  ["iptables", "iptables-restore"],
  ["iproute2", "ip"],
  ["util-linux", "setpriv"],
  ["procps", "ps"],
];

/** Where something is looked for. */
interface Place {
  /** The folder that the programs are to be in. */
  prefix: string;
  /** Whether programs have to be built first. */
  builds: boolean;
  /** The folder that is the machine's `/`, for what Docker is told. @default "/" */
  root?: string;
  /** @default the PATH of this process */
  find?: typeof onPath;
}

/** What a machine lacks before anything can be installed, each as a sentence that says what to do. */
export async function lacking(
  { abra, docker }: HostSettings,
  { prefix, builds, root = "/", find = onPath }: Place,
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
  if (!await exists(abra.startsWith("/") ? abra : own) && await find(abra) === undefined) {
    lacks.push(
      `abra is not there: "${abra}" is on no path. Put abra 0.13 into /usr/local/bin, or name it in "abra" of the settings.`,
    );
  }
  const packages: string[] = [];
  for (const [name, ...programs] of PROGRAMS) {
    const found = await Promise.all(programs.map((program) => find(program)));
    if (found.every((path) => path === undefined)) packages.push(name);
  }
  if (builds && await find("go") === undefined) packages.push("golang");
  if (packages.length > 0) {
    const names = packages.join(" ");
    lacks.push(`Programs are missing that cc-ci needs: Debian has them in "apt-get install ${names}".`);
  }
  const runtime = join(prefix, "programs", "floor", "runtime.sh");
  const trouble = await troubleOfFloor(root, runtime);
  if (trouble !== null) {
    lacks.push(
      `Docker would give containers of runs no limits${trouble}. Put this into "${ENGINE_CONFIGURATION}", beside what is ` +
        `there, and restart Docker: ${JSON.stringify(engineConfiguration(runtime))}`,
    );
  }
  return lacks;
}

/**
 * Looks whether Docker is told to start containers by the runtime that the installation brings, or by another one that
 * answers as the floor.
 * @returns null, or why not, as the rest of a sentence
 */
async function troubleOfFloor(root: string, runtime: string): Promise<string | null> {
  const { usual } = await runtimesTold(root);
  if (usual === runtime) return null;
  const trouble = usual === null ? "" : await runtimeTrouble(usual);
  return trouble === null || trouble === "" ? trouble : `: ${trouble}`;
}

/** @throws {UsageError} with all that is lacking */
export async function requireMachine(settings: HostSettings, options: Place): Promise<void> {
  const lacks = await lacking(settings, options);
  if (lacks.length > 0) {
    throw new UsageError("Could not install: this machine is not ready", { hint: lacks.join("\n") });
  }
}

/** What starts and stops things on the machine that is installed on. */
export interface Actor {
  /** Runs a program that people see. @returns its exit code */
  run(argv: readonly string[]): Promise<number>;
  /** Looks at units by their names; null where systemd does not run. */
  units: typeof lookAtUnits;
}

/**
 * Stops the units among files before these go: systemd would keep what runs, and forget how to stop it. A unit whose file
 * is gone already may run still, and is stopped as well. One that systemd does not know and that does not run, as after a
 * call that broke off, is not asked for: systemd would stop the others and end as failed.
 * @param options.what this is done for, as a verb
 * @throws {UsageError} when they do not stop, before anything was changed
 */
export async function stopUnits(
  paths: readonly string[],
  { actor, say, what }: {
    actor: Actor;
    say: (line: string) => void;
    what: "install" | "uninstall";
  },
): Promise<void> {
  const named = unitsAmong(paths);
  if (named.length === 0) return;
  const seen = await actor.units(named) ?? {};
  const units = named.filter((name) => {
    const unit = seen[name];
    return unit !== undefined && (unit.loaded || unit.state !== "inactive");
  });
  if (units.length === 0) return;
  say(`Stopping ${units.join(", ")}; a run that goes on is waited for`);
  const code = await actor.run(["systemctl", "stop", ...units]);
  if (code === 0) return;
  throw new UsageError(
    `Could not ${what}: systemctl stop ended with exit code ${code}, so no file was changed`,
    { hint: `See "journalctl -u cc-ci-*", then start "./cc-ci ${what}" again.` },
  );
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
  units: lookAtUnits,
};

/** What an uninstallation has to do with, where it is one of this machine and not of another root folder. */
export const machineHere = { actor: thisMachine, engineAt };

/** An actor that does nothing more once its caller was interrupted; what it ran then says nothing of the machine. */
export function interruptible(actor: Actor, signal: AbortSignal): Actor {
  return {
    ...actor,
    async run(argv) {
      signal.throwIfAborted();
      const code = await actor.run(argv);
      signal.throwIfAborted();
      return code;
    },
  };
}

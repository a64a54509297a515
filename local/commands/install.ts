import { join, resolve } from "node:path";
import { CcciError, UsageError } from "../../common/errors.ts";
import { exists, removeTree, resolvePath } from "../../common/files.ts";
import type { Credential } from "../../host/credentials.ts";
import { type HostSettings, readSettings, SETTINGS_FILE } from "../../host/settings.ts";
import { lacksForBridge, unitsOf } from "../../host/unit_values.ts";
import { neededBy } from "../../host/units.ts";
import { bundlePrograms } from "../../programs/bundle.ts";
import { ensureDroneRunner, runnerProgram } from "../drone/programs.ts";
import { write } from "../../common/output.ts";
import { Interruption } from "../host/interruption.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { terminalProgress } from "../host/progress.ts";
import { announce, bringUp, type Installation, installFiles, noteChanged } from "../install/install.ts";
import { takeTurnAt } from "../install/files.ts";
import { interruptible, machineHere, requireMachine, thisMachine } from "../install/machine.ts";
import { piecesOf, type Sources } from "../install/pieces.ts";
import { uninstallFrom } from "../install/uninstall.ts";
import { unitsWith } from "../secrets/catalogue.ts";
import { changesOf, placedNames } from "../secrets/place.ts";
import { placeFrom, valuesOf } from "../secrets/work.ts";
import { HOST_KEY, SECRETS_FILE, workOn } from "./secrets.ts";
import { launcherCommand } from "../host/command_line.ts";

const PREFIX = "/opt/cc-ci";

interface Options {
  prefix: string;
  root: string;
  dryRun?: boolean;
  programs?: string;
  purge?: boolean;
}

/** `./cc-ci install`: makes a machine with systemd a host. @returns the exit code, as of the host's program */
export async function install(argv: string[]): Promise<number> {
  // Users that systemd makes up have to reach the programs, whatever the caller keeps from others.
  Deno.umask(0o022);
  using interruption = new Interruption({ hint: 'Start "./cc-ci install" again: it goes on there.' });
  const command = launcherCommand("install")
    .description(`makes this machine with systemd what ${SETTINGS_FILE} says; a second call changes nothing`)
    .option("--prefix <dir>", "folder for the programs", PREFIX)
    .option("--root <dir>", "write below another folder than /, and start nothing", "/")
    .option("--programs <dir>", 'a folder of bundles; without it they are made, as "./cc-ci bundle" does')
    .option("--dry-run", "say what would be written, and do nothing");
  const options = command.parse(argv, { from: "user" }).opts<Options>();
  const { dryRun = false } = options;
  const root = resolvePath(options.root);
  const prefix = absolute(options.prefix);
  const settings = await settingsBelow(root);
  using _turn = dryRun ? null : await takeTurnAt(root, "install");
  if (root === "/") await requireMachine(settings, { prefix, builds: await buildsRunner(settings) });
  const secrets = await secretsBelow(root, { settings, dryRun, signal: interruption.signal });
  const scratch = await Deno.makeTempDir({ prefix: "cc-ci-install-" });
  try {
    const sources = await sourcesOf(settings, { options, scratch, signal: interruption.signal });
    const pieces = await piecesOf(settings, { prefix, sources, credentials: secrets.names });
    const engine = root === "/" ? machineHere.engineAt(settings.docker) : null;
    const installation: Installation = { root, prefix, pieces, engine, say };
    if (dryRun) {
      await announce(installation);
      await secrets.place();
      const host = join(prefix, "bin", "cc-ci-host");
      return root === "/" && await exists(host) ? await thisMachine.run([host, "all", "--dry-run"]) : 0;
    }
    const actor = root === "/" ? interruptible(thisMachine, interruption.signal) : null;
    await installFiles(installation, actor);
    await noteChanged(root, unitsWith(secrets.changed));
    await secrets.place();
    const code = actor === null ? 0 : await bringUp(installation, actor);
    const lacks = lacksForBridge(settings);
    if (lacks !== null) {
      say(`This host has no bridge and answers nobody, as ${lacks}. Write that and install again.`);
    }
    return code;
  } finally {
    await removeTree(scratch);
  }
}

/** `./cc-ci uninstall`: removes what {@linkcode install} made. */
export async function uninstall(argv: string[]): Promise<number> {
  const command = launcherCommand("uninstall")
    .description("stops and removes what install made, and nothing else")
    .option("--root <dir>", "what was installed below another folder than /", "/")
    .option("--purge", "remove settings, secrets, runs and all other state as well")
    .option("--dry-run", "say what would be removed, and do nothing");
  const { root: given, purge = false, dryRun = false } = command.parse(argv, { from: "user" }).opts<
    Options
  >();
  const root = resolvePath(given);
  using _turn = dryRun || !await exists(root) ? null : await takeTurnAt(root, "uninstall");
  const machine = root === "/" ? machineHere : { actor: null, engineAt: null };
  await uninstallFrom(root, { purge, dryRun, say, ...machine });
  return 0;
}

async function settingsBelow(root: string): Promise<HostSettings> {
  const path = join(root, SETTINGS_FILE);
  if (await exists(path)) return await readSettings(path);
  throw new UsageError(`Could not install: there is no "${path}", which says what the host is to be`, {
    hint:
      'The least that it needs: {"domain": "ci.example.org", "forge": {"url": "https://git.example.org", "org": "recipe-maintainers"}, "drone": {}, "backupBot": {}}',
  });
}

/** Secrets as the host will have them. */
interface HostSecrets {
  names: string[];
  /** Those that have another value now, or none any more. */
  changed: Credential[];
  /** Writes them for systemd, or says what it would write. */
  place(): Promise<void>;
}

/**
 * Looks at the secrets, and writes nothing: where there is a file of them these are to be placed, without one they may
 * lie there already.
 * @throws {CcciError} naming each that the host lacks, and where it is from
 */
async function secretsBelow(
  root: string,
  { settings, dryRun, signal }: { settings: HostSettings; dryRun: boolean; signal: AbortSignal },
): Promise<HostSecrets> {
  const folder = join(root, settings.secrets);
  const file = join(root, SECRETS_FILE);
  const work = await exists(file) ? await workOn({ file, hostKey: join(root, HOST_KEY) }, signal) : null;
  const { written, removed } = work === null
    ? { written: [], removed: [] }
    : await changesOf(folder, await valuesOf(work));
  const names = [...await placedNames(folder), ...written].filter((name) => !removed.includes(name));
  const lacking = neededBy(unitsOf(settings)).filter((name) => !names.includes(name));
  if (lacking.length === 0) {
    const place = async () => {
      if (work !== null) await placeFrom(work, { folder, dryRun });
    };
    return { names, changed: [...written, ...removed], place };
  }
  throw new CcciError("install", `Could not install: the host lacks secrets: ${lacking.join(", ")}`, {
    hint: work === null
      ? `Make them with "./cc-ci secrets new" and "./cc-ci secrets edit", or put a file for each into "${settings.secrets}".`
      : '"./cc-ci secrets check" says where each is from, and "./cc-ci secrets edit" takes them.',
  });
}

/** Whether Drone's runner is wanted and has to be built first. */
async function buildsRunner(settings: HostSettings): Promise<boolean> {
  return hasRunner(settings) && !await exists(runnerProgram(pathsFromEnvironment()));
}

function hasRunner(settings: HostSettings): boolean {
  return unitsOf(settings).includes("cc-ci-runner.service");
}

async function sourcesOf(
  settings: HostSettings,
  { options, scratch, signal }: { options: Options; scratch: string; signal: AbortSignal },
): Promise<Sources> {
  const paths = pathsFromEnvironment();
  const runner = hasRunner(settings)
    ? await ensureDroneRunner({ paths, progress: terminalProgress(), signal })
    : null;
  if (options.programs !== undefined) {
    return { programs: resolvePath(options.programs), deno: Deno.execPath(), runner };
  }
  const programs = join(scratch, "programs");
  await bundlePrograms(programs, { repo: paths.repo, signal });
  return { programs, deno: Deno.execPath(), runner };
}

function absolute(path: string): string {
  if (path.startsWith("/")) return resolve(path);
  throw new UsageError(`Could not install to "${path}": it is no absolute path`, {
    hint: "Name one that begins with /.",
  });
}

function say(line: string): void {
  write(`${line}\n`);
}

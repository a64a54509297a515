import { Command } from "commander";
import { join, resolve } from "node:path";
import { CcciError, UsageError } from "../../common/errors.ts";
import { exists, removeTree } from "../../common/files.ts";
import { type HostSettings, readSettings, SETTINGS_FILE } from "../../host/settings.ts";
import { bundlePrograms } from "../../programs/bundle.ts";
import { ensureDroneRunner } from "../drone/programs.ts";
import { write } from "../host/command_line.ts";
import { Interruption } from "../host/interruption.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { terminalProgress } from "../host/progress.ts";
import { announce, bringUp, type Installation, installFiles } from "../install/install.ts";
import { requireMachine, thisMachine } from "../install/machine.ts";
import { piecesOf, type Sources } from "../install/pieces.ts";
import { uninstallFrom } from "../install/uninstall.ts";
import { placedNames } from "../secrets/place.ts";
import { secrets } from "./secrets.ts";
import { callersFolder } from "./harness.ts";

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
  using interruption = new Interruption();
  const command = new Command("install").exitOverride()
    .description(`makes this machine with systemd what ${SETTINGS_FILE} says; a second call changes nothing`)
    .option("--prefix <dir>", "folder for the programs", PREFIX)
    .option("--root <dir>", "write below another folder than /, and start nothing", "/")
    .option("--programs <dir>", 'a folder of bundles; without it they are made, as "./cc-ci bundle" does')
    .option("--dry-run", "say what would be written, and do nothing");
  const options = command.parse(argv, { from: "user" }).opts<Options>();
  const { dryRun = false } = options;
  const root = inCallersFolder(options.root);
  const prefix = absolute(options.prefix);
  const settings = await settingsBelow(root);
  if (root === "/") await requireMachine(settings, { prefix });
  const placing = await placeSecrets(root, { settings, dryRun });
  if (placing !== 0) return placing;

  const scratch = await Deno.makeTempDir({ prefix: "cc-ci-install-" });
  try {
    const sources = await sourcesOf(settings, { options, scratch, signal: interruption.signal });
    const credentials = await placedNames(join(root, settings.secrets));
    const pieces = await piecesOf(settings, { prefix, sources, credentials });
    const installation: Installation = { root, prefix, pieces, say };
    if (dryRun) {
      await announce(installation);
      const host = join(prefix, "bin", "cc-ci-host");
      return root === "/" && await exists(host) ? await thisMachine.run([host, "all", "--dry-run"]) : 0;
    }
    await installFiles(installation);
    return root === "/" ? await bringUp(installation, thisMachine) : 0;
  } finally {
    await removeTree(scratch);
  }
}

/** `./cc-ci uninstall`: removes what {@linkcode install} made. */
export async function uninstall(argv: string[]): Promise<number> {
  const command = new Command("uninstall").exitOverride()
    .description("stops and removes what install made, and nothing else")
    .option("--root <dir>", "what was installed below another folder than /", "/")
    .option("--purge", "remove settings, secrets, runs and all other state as well")
    .option("--dry-run", "say what would be removed, and do nothing");
  const { root: given, purge = false, dryRun = false } = command.parse(argv, { from: "user" }).opts<
    Options
  >();
  const root = inCallersFolder(given);
  await uninstallFrom(root, { purge, dryRun, say, actor: root === "/" ? thisMachine : null });
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

/** Writes secrets for systemd where there is a file of them; without one they may lie there already. */
async function placeSecrets(
  root: string,
  { settings, dryRun }: { settings: HostSettings; dryRun: boolean },
): Promise<number> {
  const file = join(root, "/etc/cc-ci/secrets.yaml");
  if (!await exists(file)) {
    if ((await placedNames(join(root, settings.secrets))).length > 0) return 0;
    throw new CcciError("install", `Could not install: the host has no secrets`, {
      hint:
        `Make them with "./cc-ci secrets new" and "./cc-ci secrets edit", or put a file for each into "${settings.secrets}".`,
    });
  }
  return await secrets([
    ...["place", "--file", file, "--to", join(root, settings.secrets)],
    ...["--host-key", join(root, "/etc/ssh/ssh_host_ed25519_key")],
    ...dryRun ? ["--dry-run"] : [],
  ]);
}

async function sourcesOf(
  { drone }: HostSettings,
  { options, scratch, signal }: { options: Options; scratch: string; signal: AbortSignal },
): Promise<Sources> {
  const paths = pathsFromEnvironment();
  const runner = drone === undefined
    ? null
    : await ensureDroneRunner({ paths, progress: terminalProgress(), signal });
  if (options.programs !== undefined) {
    return { programs: inCallersFolder(options.programs), deno: Deno.execPath(), runner };
  }
  const programs = join(scratch, "programs");
  await bundlePrograms(programs, { repo: paths.repo });
  return { programs, deno: Deno.execPath(), runner };
}

function absolute(path: string): string {
  if (path.startsWith("/")) return resolve(path);
  throw new UsageError(`Could not install to "${path}": it is no absolute path`, {
    hint: "Name one that begins with /.",
  });
}

function inCallersFolder(path: string): string {
  return resolve(callersFolder(), path);
}

function say(line: string): void {
  write(`${line}\n`);
}

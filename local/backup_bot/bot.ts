import { join } from "node:path";
import { BotError, type Engine } from "./engine.ts";
import { type Hook, type Plan, readPlan, type Secret } from "./labels.ts";
import { type Restic, type Snapshot, snapshotsOf } from "./restic.ts";
import { isThere, putBack, savedPaths, scratchFor } from "./volumes.ts";

export type Level = "INFO" | "WARNING" | "ERROR";

export interface Bot {
  engine: Engine;
  restic: Restic;
  log: (level: Level, message: string) => void;
  /** Folder of all volumes. */
  root: string;
  /** Holds a folder for each app that is just being saved: its secrets, each in a file of its name. */
  secrets: string;
}

/** One app by its stack; everything the bot does is for one. */
export interface App {
  /** As the caller named it. */
  name: string;
  stack: string;
}

/**
 * Saves an app: its secrets, pre-hooks, then one snapshot tagged with the stack, then post-hooks. What to save is
 * settled before the hooks run. What is not there after them is left out, and the backup succeeds all the same.
 */
export async function create(app: App, bot: Bot): Promise<void> {
  const plan = await planOf(app, bot);
  const paths = savedPaths(plan.saved, bot.root);
  const secrets = join(bot.secrets, app.stack);
  await copySecrets(plan.secrets, { folder: secrets, bot });
  try {
    await runHooks(plan.hooks.backup.pre, bot);
    await save(app, { paths, secrets, bot });
    await runHooks(plan.hooks.backup.post, bot);
  } finally {
    await Deno.remove(secrets, { recursive: true });
  }
}

async function save(
  app: App,
  { paths, secrets, bot }: { paths: readonly string[]; secrets: string; bot: Bot },
): Promise<void> {
  const there = [secrets];
  for (const path of paths) {
    if (await isThere(path, bot.root)) there.push(path);
    else bot.log("ERROR", `${path} does not exist`);
  }
  bot.log("INFO", `Backup these paths: ${there.join(" ")}`);
  await bot.restic(["backup", "--quiet", "--host", app.stack, "--tag", app.stack, "--", ...there]);
  bot.log("INFO", "backup finished");
}

/** The app's snapshots, oldest first. */
export async function snapshots(app: App, bot: Bot): Promise<Snapshot[]> {
  const found = await snapshotsOf(app.stack, bot.restic);
  if (found.length === 0) bot.log("WARNING", `No Snapshots found for app ${app.name}`);
  return found;
}

/**
 * Brings an app's data back while it runs: pre-hooks, files, post-hooks. Files that are not in the snapshot stay.
 * @param wanted id of a snapshot or `latest`; only those of this app are looked at
 */
export async function restore(app: App, { wanted, bot }: { wanted: string; bot: Bot }): Promise<void> {
  const plan = await planOf(app, bot);
  const own = await snapshotsOf(app.stack, bot.restic);
  const snapshot = wanted === "latest" ? own.at(-1) : own.find(({ id }) => id.startsWith(wanted));
  if (snapshot === undefined) throw new BotError(`No Snapshots with ID ${wanted} for ${app.stack}`);
  bot.log("INFO", `Restoring Snapshot ${snapshot.short_id} at /`);
  await runHooks(plan.hooks.restore.pre, bot);
  const paths = savedPaths(plan.saved, bot.root);
  const [first] = paths;
  if (first === undefined) bot.log("WARNING", "No paths to restore");
  else await bringBack(paths, { snapshot, scratch: scratchFor(first, bot.root), bot });
  await runHooks(plan.hooks.restore.post, bot);
  bot.log("INFO", "restore finished");
}

async function bringBack(
  paths: readonly string[],
  { snapshot, scratch, bot }: { snapshot: Snapshot; scratch: string; bot: Bot },
): Promise<void> {
  const clear = () => Deno.remove(scratch, { recursive: true });
  await clear().catch(() => {}); // what a restore that was killed left
  await Deno.mkdir(scratch, { mode: 0o700 });
  try {
    const included = paths.flatMap((path) => ["--include", path]);
    await bot.restic(["restore", snapshot.id, "--quiet", "--target", scratch, ...included]);
    for (const path of paths) await putBack(path, { scratch, root: bot.root });
  } finally {
    await clear();
  }
}

async function planOf(app: App, bot: Bot): Promise<Plan> {
  const plan = readPlan(await bot.engine.services(), app.stack);
  for (const warning of plan.warnings) bot.log("WARNING", warning);
  if (!plan.enabled) {
    throw new BotError(
      `The app ${app.stack} is not running or has no service labelled backupbot.backup=true`,
    );
  }
  return plan;
}

/** A container has the secrets as files, and nobody else can tell what they are. */
async function copySecrets(
  secrets: readonly Secret[],
  { folder, bot }: { folder: string; bot: Bot },
): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {}); // what a backup that was killed left
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { service, name, path } of secrets) {
    const container = await bot.engine.containerOf(service);
    const read = container === undefined ? undefined : await bot.engine.exec(container.id, ["cat", path]);
    if (read?.code === 0) await Deno.writeTextFile(join(folder, name), read.output, { mode: 0o600 });
    else bot.log("ERROR", `The secret ${name} of ${service} cannot be read`);
  }
}

/** The bot logs a hook that fails and goes on, in a backup as in a restore. */
async function runHooks(hooks: readonly Hook[], bot: Bot): Promise<void> {
  for (const { service, command } of hooks) {
    const container = await bot.engine.containerOf(service);
    if (container === undefined) {
      throw new BotError(`Container ${service} contains hooks but it's not running`);
    }
    bot.log("INFO", `run command in ${container.name}: ${command}`);
    const { code, output } = await bot.engine.exec(container.id, hookArgv(command));
    if (code !== 0) {
      bot.log("ERROR", `Failed to run command ${command} in ${container.name}: ${output.trim()}`);
    }
  }
}

/**
 * The command for a shell of the container: bash, whose pipes then fail with their first part (so does upstream), or
 * sh where there is none. A shell that the recipe wrote around it is taken off first, and its quotes.
 */
export function hookArgv(command: string): string[] {
  const bare = command.replace(/^(bash|sh) -c\s+/, "");
  const quoted = bare === command ? undefined : /^(["'])(.*)\1$/s.exec(bare)?.[2];
  const script = 'command -v bash >/dev/null && exec bash -o pipefail -c "$1"; exec sh -c "$1"';
  return ["sh", "-c", script, "hook", quoted ?? bare];
}

import { BotError, type Engine } from "./engine.ts";
import { type Hook, type Plan, readPlan } from "./labels.ts";
import { type Restic, type Snapshot, snapshotsOf } from "./restic.ts";
import { isThere, putBack, savedPaths, scratchFor } from "./volumes.ts";

export type Level = "INFO" | "WARNING" | "ERROR";

export interface Bot {
  engine: Engine;
  restic: Restic;
  log: (level: Level, message: string) => void;
  /** Folder of all volumes. */
  root: string;
}

/** One app by its stack; everything the bot does is for one. */
export interface App {
  /** As the caller named it. */
  name: string;
  stack: string;
}

/** Saves an app: pre-hooks, then one snapshot tagged with the stack, then post-hooks. */
export async function create(app: App, bot: Bot): Promise<void> {
  const plan = await planOf(app, bot);
  await runHooks(plan.hooks.backup.pre, bot);
  await save(app, { plan, bot });
  await runHooks(plan.hooks.backup.post, bot);
}

async function save(app: App, { plan, bot }: { plan: Plan; bot: Bot }): Promise<void> {
  const there: string[] = [];
  for (const path of savedPaths(plan.saved, bot.root)) {
    if (await isThere(path, bot.root)) there.push(path);
    else bot.log("ERROR", `${path} does not exist`);
  }
  if (there.length === 0) {
    bot.log("WARNING", `${app.stack} has nothing to save`);
    return;
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

/** A hook that fails ends the whole: what was saved or brought back after it would be worth nothing. */
async function runHooks(hooks: readonly Hook[], bot: Bot): Promise<void> {
  for (const { service, command } of hooks) {
    const container = await bot.engine.containerOf(service);
    if (container === undefined) {
      throw new BotError(`Container ${service} contains hooks but it's not running`);
    }
    bot.log("INFO", `run command in ${container.name}: ${command}`);
    const { code, output } = await bot.engine.exec(container.id, hookArgv(command));
    if (code !== 0) {
      throw new BotError(`Failed to run command ${command} in ${container.name}: ${output.trim()}`);
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

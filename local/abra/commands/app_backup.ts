import { type App, loadApp } from "../app.ts";
import { containerOf, dockerAttached, engine, type Service } from "../engine.ts";
import { Fatal, requireTerminal } from "../output.ts";
import { ensureClean, ensureClone, moveCheckout, update } from "../recipe.ts";

const BOT_LABEL = "coop-cloud.backupbot.enabled=true";

export interface BackupOptions {
  chaos?: boolean;
  offline: boolean;
  ask: boolean;
}

/** `abra app backup create DOMAIN`: the backup bot saves the app; what it says comes through. Wants a terminal. */
export async function backupCreate(domain: string, options: BackupOptions): Promise<void> {
  const app = loadApp(domain);
  await ensureRecipe(app, options);
  await callBot("create", { SERVICE: domain, MACHINE_LOGS: "true" });
}

/** `abra app backup snapshots DOMAIN`: one line per snapshot, oldest first: `<time> <id>`. Wants a terminal. */
export async function backupSnapshots(domain: string, options: BackupOptions): Promise<void> {
  const app = loadApp(domain);
  await ensureRecipe(app, options);
  await callBot("snapshots", { SERVICE: domain });
}

/**
 * `abra app restore DOMAIN [--snapshot ID]`: the backup bot brings the app's data back while it runs. Without `-n` the
 * bot asks. Wants a terminal.
 */
export async function appRestore(
  domain: string,
  options: BackupOptions & { snapshot?: string },
): Promise<void> {
  const app = loadApp(domain);
  await ensureRecipe(app, options);
  await callBot("restore", {
    SERVICE: domain,
    MACHINE_LOGS: "true",
    ...(options.snapshot === undefined ? {} : { SNAPSHOT: options.snapshot }),
    ...(options.ask ? {} : { NONINTERACTIVE: "true" }),
  });
}

/** Like a deploy, these commands move the checkout to the app's version, and refuse one with changes, unless `-C`. */
export async function ensureRecipe(app: App, options: { chaos?: boolean; offline: boolean }): Promise<void> {
  await ensureClone(app.recipe, options);
  if (options.chaos) return;
  await ensureClean(app.recipe);
  if (!options.offline) await update(app.recipe);
  await moveCheckout(app.recipe, app.version);
}

/** @throws {Fatal} without a bot on the server, without a terminal, and when the bot fails: its reason is above. */
async function callBot(command: string, env: Record<string, string>): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [BOT_LABEL] }));
  const [bot] = await engine<Service[]>(`/services?filters=${filters}`);
  if (bot === undefined) throw new Fatal("no backupbot discovered, is it deployed?");
  const container = await containerOf(bot.Spec.Name);
  requireTerminal();
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const code = await dockerAttached([
    "exec",
    "--interactive",
    "--tty",
    ...variables,
    container,
    "/usr/bin/backup",
    "--",
    command,
  ]);
  if (code !== 0) throw new Fatal(`Status: , Code: ${code}`);
}

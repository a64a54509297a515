import * as z from "zod";
import { systemClock } from "../common/time.ts";
import { DockerError, type Swarm } from "./swarm.ts";
import { execIn } from "./swarm_exec.ts";
import * as schema from "./swarm_schema.ts";

/** Label by which abra finds the service of the backup bot. */
const BOT_LABEL = "coop-cloud.backupbot.enabled";
/** Whoever else works in the repository lets go of it within this time. */
const LOCKED_TRIES = 20;
const LOCKED_PAUSE_MS = 1_000;

const snapshots = z.array(z.object({ id: z.string(), tags: z.array(z.string()).nullish() }));

/**
 * Files that a snapshot holds. abra has no command whose output a program could read, so the repository is asked in
 * the bot's own container, where restic finds it by the environment.
 */
export async function snapshotFiles(swarm: Swarm, id: string): Promise<string[]> {
  const bot = await botContainer(swarm);
  if (bot === null) return [];
  const listed = await restic(swarm, { bot, args: ["ls", id] });
  return listed.split("\n").filter((line) => line.startsWith("/"));
}

/**
 * Makes the repository forget all snapshots of an app, data included. abra has no command for this. Nothing to forget,
 * or no bot, is fine, so that it can be repeated.
 * @returns how many there were
 */
export async function forgetSnapshots(swarm: Swarm, app: { stack: string; domain: string }): Promise<number> {
  const bot = await botContainer(swarm);
  if (bot === null) return 0;
  const all = snapshots.parse(
    JSON.parse(await restic(swarm, { bot, args: ["snapshots", "--json"] }) || "[]"),
  );
  const own = all.filter(({ tags }) => tags?.some((tag) => isTagOf(tag, app)));
  if (own.length > 0) {
    await restic(swarm, { bot, args: ["forget", "--prune", ...own.map(({ id }) => id)] });
  }
  return own.length;
}

/** The bot may put the app's version behind its name: `<stack>:<version>`. */
function isTagOf(tag: string, app: { stack: string; domain: string }): boolean {
  return [app.stack, app.domain].some((name) => tag === name || tag.startsWith(`${name}:`));
}

async function botContainer(swarm: Swarm): Promise<string | null> {
  const filters = JSON.stringify({ label: [BOT_LABEL] });
  const services = await swarm.ask(
    "list services",
    () => swarm.docker.listServices({ filters }),
    z.array(schema.service),
  );
  for (const { Spec: { Name: name, Labels: labels } } of services) {
    if (labels[BOT_LABEL] === "false") continue;
    const stack = labels["com.docker.stack.namespace"] ?? "";
    return (await swarm.containerOf(stack, name.slice(stack.length + 1))).Id;
  }
  return null;
}

async function restic(swarm: Swarm, { bot, args }: { bot: string; args: string[] }): Promise<string> {
  for (let left = LOCKED_TRIES;; left--) {
    const { code, stdout, stderr } = await execIn(swarm, bot, { argv: ["restic", "-q", ...args] });
    if (code === 0) return stdout;
    if (left > 0 && /already locked/.test(stderr)) {
      await execIn(swarm, bot, { argv: ["restic", "-q", "unlock"] }); // of one that was killed
      await systemClock.sleep(LOCKED_PAUSE_MS);
      continue;
    }
    const said = stderr.trim().split("\n").at(-1) ?? "";
    throw new DockerError(`run "restic ${args[0]}" in the backup bot's container: ${said}`, {
      code: "backup.restic",
    });
  }
}

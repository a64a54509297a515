import * as z from "zod";
import { type Clock, systemClock } from "../../common/time.ts";
import { DockerError, type Swarm } from "./swarm.ts";
import { execIn } from "./exec.ts";
import * as schema from "./schema.ts";

/** Label by which abra finds the service of the backup bot. */
const BOT_LABEL = "coop-cloud.backupbot.enabled";
/** Whoever else works in the repository lets go of it within this time. */
const LOCKED_MS = 20_000;
const PAUSE_MS = 500;

const snapshots = z.array(z.object({ id: z.string(), tags: z.array(z.string()).nullish() }));

/** Whose snapshots, and how long an engine, a bot or a repository that is away or in use is waited for. */
export interface ForgetOptions {
  /** An app by the names that a snapshot may be tagged with. */
  app: { stack: string; domain: string };
  limitMs: number;
  clock?: Clock;
}

/**
 * Files that a snapshot holds. abra has no command whose output a program could read, so the repository is asked in
 * the bot's own container, where restic finds it by the environment.
 */
export async function snapshotFiles(swarm: Swarm, id: string): Promise<string[]> {
  return await patiently(async () => {
    const bot = await botContainer(swarm);
    if (bot === null) return [];
    const listed = await restic(swarm, { bot, args: ["ls", "--no-lock", id] });
    return listed.split("\n").filter((line) => line.startsWith("/"));
  }, { limitMs: LOCKED_MS });
}

/**
 * Makes the repository forget all snapshots of an app, data included. abra has no command for this. Nothing to forget,
 * or no bot, is fine, so that it can be repeated.
 * @throws {DockerError} when time is up
 */
export async function forgetSnapshots(swarm: Swarm, options: ForgetOptions): Promise<void> {
  await patiently(async () => {
    const bot = await botContainer(swarm);
    if (bot === null) return;
    const all = snapshots.parse(
      JSON.parse(await restic(swarm, { bot, args: ["snapshots", "--no-lock", "--json"] }) || "[]"),
    );
    const own = all.filter(({ tags }) => tags?.some((tag) => isTagOf(tag, options.app)));
    if (own.length > 0) {
      await restic(swarm, { bot, args: ["forget", "--prune", ...own.map(({ id }) => id)] });
    }
  }, options);
}

/**
 * Tries until time is up, whatever is in the way: a bot that restarts, a repository that another run locks, a snapshot
 * that another run forgets while it is being listed. restic's exit codes do not tell these from a repository that is
 * broken for good.
 */
async function patiently<T>(
  work: () => Promise<T>,
  { limitMs, clock = systemClock }: Pick<ForgetOptions, "limitMs" | "clock">,
): Promise<T> {
  const end = clock.now() + limitMs;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DockerError) || clock.now() >= end) throw error;
    }
    await clock.sleep(PAUSE_MS);
  }
}

/** The bot may put the app's version behind its name: `<stack>:<version>`. */
function isTagOf(tag: string, app: ForgetOptions["app"]): boolean {
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

/** Whoever only reads is called with `--no-lock`: a lock left behind by a reader would keep others from forgetting. */
async function restic(swarm: Swarm, { bot, args }: { bot: string; args: string[] }): Promise<string> {
  const { code, stdout, stderr } = await execIn(swarm, bot, { argv: ["restic", "-q", ...args] });
  if (code === 0) return stdout;
  const locked = /already locked/.test(stderr);
  if (locked) await execIn(swarm, bot, { argv: ["restic", "-q", "unlock"] }); // of one that was killed
  const lines = stderr.trim().split("\n");
  const said = (locked ? lines.find((line) => line.includes("already locked")) : lines.at(-1)) ?? "";
  throw new DockerError(`run "restic ${args[0]}" in the backup bot's container: ${said}`, {
    code: locked ? "backup.locked" : "backup.restic",
  });
}

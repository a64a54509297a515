import * as z from "zod";
import { type Clock, systemClock } from "../../common/time.ts";
import { DockerError, type Swarm } from "./swarm.ts";
import { execIn } from "./exec.ts";
import * as schema from "./schema.ts";

/** Label by which abra finds the service of the backup bot. */
const BOT_LABEL = "coop-cloud.backupbot.enabled";
/** Milliseconds within which anybody else who works in the repository gives it free. */
const LOCKED_MS = 20_000;
const PAUSE_MS = 500;

const snapshots = z.array(z.object({ id: z.string(), tags: z.array(z.string()).nullish() }));

/** Whose snapshots to forget, and how long to wait for an engine or a bot that is away, or for a repository in use. */
export interface ForgetOptions {
  /** An app by the names that a snapshot may be tagged with. */
  app: { stack: string; domain: string };
  limitMs: number;
  clock?: Clock;
}

/**
 * Paths of the files in a snapshot. abra has no command for this whose output a program could read, so restic is run in
 * the bot's own container, where the environment tells it where the repository is.
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
 * Makes the repository forget all snapshots of an app, data included; abra has no command for this. It can be repeated,
 * because it also succeeds when there is no bot or nothing to forget.
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
 * Tries until time is up, whatever goes wrong: the bot may be restarting, another run may lock the repository or forget
 * a snapshot while this one lists it. restic's exit codes do not tell these from a repository that is broken for good.
 */
async function patiently<T>(
  work: () => Promise<T>,
  { limitMs, clock = systemClock }: Pick<ForgetOptions, "limitMs" | "clock">,
): Promise<T> {
  const end = clock.elapsed() + limitMs;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DockerError) || clock.elapsed() >= end) throw error;
    }
    await clock.sleep(PAUSE_MS);
  }
}

/** Whether a snapshot's tag means the app. The bot may append the app's version to its name: `<stack>:<version>`. */
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

/**
 * Runs restic in the bot's container. Callers that only read add `--no-lock`, because a lock that a reader left behind
 * would keep others from forgetting.
 */
async function restic(swarm: Swarm, { bot, args }: { bot: string; args: string[] }): Promise<string> {
  const { code, stdout, stderr } = await execIn(swarm, bot, { argv: ["restic", "-q", ...args] });
  if (code === 0) return stdout;
  const locked = /already locked/.test(stderr);
  // The lock may be that of a restic that was killed; `unlock` removes no other.
  if (locked) await execIn(swarm, bot, { argv: ["restic", "-q", "unlock"] });
  const lines = stderr.trim().split("\n");
  const said = (locked ? lines.find((line) => line.includes("already locked")) : lines.at(-1)) ?? "";
  throw new DockerError(`run "restic ${args[0]}" in the backup bot's container: ${said}`, {
    code: locked ? "backup.locked" : "backup.restic",
  });
}

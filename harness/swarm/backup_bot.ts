import { Buffer } from "node:buffer";
import * as z from "zod";
import { type Clock, systemClock } from "../../common/time.ts";
import { DockerError, type Swarm } from "./swarm.ts";
import { type ContainerCommand, execIn } from "./exec.ts";
import * as schema from "./schema.ts";

/** Label by which abra finds the service of the backup bot. */
const BOT_LABEL = "coop-cloud.backupbot.enabled";
/** Milliseconds within which anybody else who works in the repository gives it free. */
const LOCKED_MS = 20_000;
const PAUSE_MS = 500;

/** Folder of the bot's container from which it saves the secrets of an app. */
const SECRETS = "/secrets";

/** An entry of a snapshot; the line about the snapshot itself has no path. */
const node = z.object({
  type: z.string().optional(),
  path: z.string().optional(),
  size: z.number().optional(),
});
const snapshots = z.array(z.object({ id: z.string(), tags: z.array(z.string()).nullish() }));

/** Whose snapshots to forget, and how long to wait for an engine or a bot that is away, or for a repository in use. */
export interface ForgetOptions {
  /** An app by the names that a snapshot may be tagged with. */
  app: { stack: string; domain: string };
  limitMs: number;
  /** Milliseconds for as long as somebody else has locked the repository. @default limitMs */
  lockedMs?: number;
  clock?: Clock;
}

/** Where something is to be in a snapshot. */
export interface SavedPlace {
  /** Name of the volume in Docker. */
  volume: string;
  /** Below the root of the volume; empty for the root itself. */
  path: string;
}

/** What was looked for in a snapshot, and how much else there is. */
export interface SnapshotContent {
  /** Files of the app, without its secrets, which the bot saves with every app. */
  files: number;
  missing: SavedPlace[];
  /** Those of the places at which there is a file without content. */
  empty: SavedPlace[];
  /** Those at which there is a folder that holds no file of the app's. */
  hollow: SavedPlace[];
}

/**
 * Looks into a snapshot, to its end: no list of its files is kept, as there may be very many. abra has no command for
 * this whose output a program could read, so restic is run in the bot's own container, where the environment tells it
 * where the repository is.
 * @param look.ours places at which we have put a file ourselves, which fills no folder
 * @throws {DockerError} when there is no bot (any more): then nobody knows what the snapshot holds
 */
export async function lookIntoSnapshot(
  swarm: Swarm,
  id: string,
  look: {
    places: readonly SavedPlace[];
    ours: readonly SavedPlace[];
    timeoutMs: number;
    signal: AbortSignal;
    clock?: Clock;
  },
): Promise<SnapshotContent> {
  const { places, ours, timeoutMs, signal, clock } = look;
  return await patiently(async () => {
    const content: SnapshotContent = { files: 0, missing: [...places], empty: [], hollow: [] };
    const filled = new Set<SavedPlace>();
    const bot = await botContainer(swarm);
    if (bot === null) throw new DockerError("find the backup bot", { code: "docker.no-container" });
    const see = (line: string) => {
      const { type, path, size = 0 } = node.parse(JSON.parse(line));
      if (path === undefined || path.startsWith(SECRETS)) return;
      if (type !== "dir") {
        content.files++;
        if (!ours.some((one) => isAt(path, one))) {
          for (const one of places) if (isWithin(path, one)) filled.add(one);
        }
      }
      const place = content.missing.find((one) => isAt(path, one));
      if (place === undefined) return;
      content.missing = content.missing.filter((one) => one !== place);
      if (type === "file" && size === 0) content.empty.push(place);
      if (type === "dir") content.hollow.push(place);
    };
    const lines = new Lines(see);
    const args = ["ls", "--no-lock", "--json", id];
    await restic(swarm, { bot, args, timeoutMs, signal, onOutput: (bytes) => lines.push(bytes) });
    lines.end();
    content.hollow = content.hollow.filter((one) => !filled.has(one));
    return content;
  }, { limitMs: LOCKED_MS, ...(clock === undefined ? {} : { clock }) });
}

/** The bot saves a volume's folder on the host, `/var/lib/docker/volumes/<volume>/_data`, by that name. */
function isAt(path: string, { volume, path: wanted }: SavedPlace): boolean {
  return path.endsWith(`/volumes/${volume}/_data${below(wanted)}`);
}

function isWithin(path: string, { volume, path: folder }: SavedPlace): boolean {
  return path.includes(`/volumes/${volume}/_data${below(folder)}/`);
}

function below(path: string): string {
  return path === "" ? "" : `/${path}`;
}

/** Passes on a text line by line, however it is cut into chunks. */
class Lines {
  readonly #see: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(see: (line: string) => void) {
    this.#see = see;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") this.#see(line);
  }

  end(): void {
    if (this.#rest !== "") this.#see(this.#rest);
  }
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
  { limitMs, lockedMs = limitMs, clock = systemClock }: Omit<ForgetOptions, "app">,
): Promise<T> {
  const started = clock.elapsed();
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      const patience = error.code === "backup.locked" ? lockedMs : limitMs;
      if (clock.elapsed() - started >= patience) throw error;
    }
    await clock.sleep(PAUSE_MS);
  }
}

/** Whether a snapshot's tag means the app. The bot may append the app's version to its name: `<stack>:<version>`. */
function isTagOf(tag: string, app: ForgetOptions["app"]): boolean {
  return [app.stack, app.domain].some((name) => tag === name || tag.startsWith(`${name}:`));
}

/** Id of the backup bot's container; null where no bot is deployed. @throws {DockerError} where the bot does not run */
export async function botContainer(swarm: Swarm): Promise<string | null> {
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
async function restic(
  swarm: Swarm,
  call: { bot: string; args: string[] } & Pick<ContainerCommand, "onOutput" | "timeoutMs" | "signal">,
): Promise<string> {
  const { bot, args, ...options } = call;
  const printed: Uint8Array[] = []; // all of it: a list of snapshots without its beginning is no list
  const { code, stderr } = await execIn(swarm, bot, {
    argv: ["restic", "-q", ...args],
    onOutput: (bytes) => void printed.push(bytes),
    ...options,
  });
  if (code === 0) return Buffer.concat(printed).toString();
  const locked = /already locked/.test(stderr);
  // The lock may be that of a restic that was killed; `unlock` removes no other.
  if (locked) await execIn(swarm, bot, { argv: ["restic", "-q", "unlock"] });
  const lines = stderr.trim().split("\n");
  const said = (locked ? lines.find((line) => line.includes("already locked")) : lines.at(-1)) ?? "";
  throw new DockerError(`run "restic ${args[0]}" in the backup bot's container: ${said}`, {
    code: locked ? "backup.locked" : "backup.restic",
  });
}

import * as z from "zod";
import { formatBytes } from "../../common/bytes.ts";
import { ago, type Clock } from "../../common/time.ts";
import { lockImages } from "../images/engine_lock.ts";
import { readLedger, writeLedger } from "../images/pulled.ts";
import { isOursAlone, type StoredImage, type Surplus, surplusImages } from "../images/surplus.ts";
import { type Amount, type Room, roomAt, usedShare } from "../run/disk.ts";
import { statusOf, type Swarm } from "../swarm/swarm.ts";

/** Milliseconds after which a pass leaves the rest to the next one. */
const LIMIT_MS = 60_000;

const tags = z.array(z.string()).nullish().transform((all) => all ?? []);
const listed = z.object({
  Id: z.string(),
  ParentId: z.string().default(""),
  RepoTags: tags,
  RepoDigests: tags,
  Size: z.number().default(0),
});
const holder = z.object({ ImageID: z.string() });
const spec = z.object({
  TaskTemplate: z.object({ ContainerSpec: z.object({ Image: z.string().default("") }).nullish() }),
});
const namer = z.object({ Spec: spec, PreviousSpec: spec.nullish() });

export interface TidyImagesOptions {
  swarm: Swarm;
  /** Folder of run folders. */
  runs: string;
  announce: (text: string) => void;
  clock: Clock;
  /** Percent of Docker's disk, in bytes or inodes, above which images go. */
  above: number;
  /** Only say what would be done. */
  dryRun: boolean;
}

/** What a pass came to. */
export interface TidiedImages {
  /** Names of images that were removed (in a dry run: that would go, as many of them as are needed). */
  removed: string[];
  /** Names of images that the engine did not remove, though nobody uses them. */
  stuck: string[];
}

/**
 * Removes images that runs have pulled and nobody uses, while Docker's disk is fuller than it should be and no run goes
 * on. The engine refuses by itself what a container has begun to use meanwhile; nothing is forced.
 * @throws {DockerError} when the engine does not say what it has
 */
export async function tidyImages(options: TidyImagesOptions): Promise<TidiedImages> {
  const { swarm, runs, announce, clock, above, dryRun } = options;
  const done: TidiedImages = { removed: [], stuck: [] };
  if ((await readLedger(runs)).images.length === 0) return done;
  const { DockerRootDir: root } = await swarm.info();
  const full = async () => whatIsAbove(above, await roomAt(root));
  if (dryRun) {
    const why = await full();
    if (why === null) return done;
    for (const one of await observe(swarm, { runs, now: clock.now() })) {
      if (done.removed.length === 0) {
        announce(
          `"${root}" is full to ${why}; until that is no more than ${above} %, these images would go:`,
        );
      }
      announce(`- ${describe(one, clock.now())}`);
      done.removed.push(nameOf(one));
    }
    return done;
  }
  using lock = await lockImages(swarm.socket);
  let why = await full();
  if (lock === null) {
    if (why !== null) announce(`"${root}" is full to ${why}; no image is removed while a run goes on`);
    return done;
  }
  await forgetGone(swarm, runs);
  const end = clock.elapsed() + LIMIT_MS;
  if (why === null) return done;
  for (const one of await observe(swarm, { runs, now: clock.now() })) {
    announce(`"${root}" is full to ${why}; removing image ${describe(one, clock.now())}`);
    const gone = await remove(swarm, one);
    if (gone === "removed") done.removed.push(nameOf(one));
    else if (gone === "in use") announce("It is in use by now, so it stays");
    else done.stuck.push(nameOf(one));
    why = await full();
    if (why === null || clock.elapsed() >= end) break;
  }
  await forgetGone(swarm, runs);
  return done;
}

/** What of a disk is used beyond so many percent, in words; null: nothing, or nobody may look. */
export function whatIsAbove(mark: number, room: Room | null): string | null {
  if (room === null) return null;
  const { bytes, inodes } = room;
  const total = ({ free, used }: Amount) => free + used;
  if (100 * usedShare(bytes) > mark) {
    return `${percent(usedShare(bytes))} (${formatBytes(bytes.used)} of ${formatBytes(total(bytes))})`;
  }
  if (inodes === null || 100 * usedShare(inodes) <= mark) return null;
  return `${percent(usedShare(inodes))} (${inodes.used} of ${total(inodes)} inodes)`;
}

/** Images that may go, in order, as the engine has them now. */
async function observe(swarm: Swarm, { runs, now }: { runs: string; now: number }): Promise<Surplus[]> {
  const { docker } = swarm;
  const [images, containers, services, ledger] = await Promise.all([
    storedImages(swarm),
    swarm.ask("list containers", () => docker.listContainers({ all: true }), z.array(holder)),
    swarm.ask("list services", () => docker.listServices().catch(noServices), z.array(namer)),
    readLedger(runs),
  ]);
  const specs = services.flatMap(({ Spec, PreviousSpec }) => [Spec, ...(PreviousSpec ? [PreviousSpec] : [])]);
  const names = specs.map(({ TaskTemplate }) => TaskTemplate.ContainerSpec?.Image ?? "");
  const used = { ids: new Set(containers.map(({ ImageID }) => ImageID)), names };
  return surplusImages(images, { ledger, used, now });
}

/**
 * An engine that manages no Swarm refuses to list services, and says so with the status that it also has for a Swarm that
 * is locked or about to start, whose services use images all the same. Only its words tell them apart (`errNoManager` in
 * Moby's `daemon/cluster/cluster.go`).
 */
function noServices(error: unknown): [] {
  const managesNone = /Use "docker swarm init"|Worker nodes can't/;
  if (statusOf(error) === 503 && error instanceof Error && managesNone.test(error.message)) return [];
  throw error;
}

async function storedImages(swarm: Swarm): Promise<StoredImage[]> {
  const call = () => swarm.docker.listImages({ all: true });
  return (await swarm.ask("list images", call, z.array(listed))).map(toStored);
}

function toStored({ Id, ParentId, RepoTags, RepoDigests, Size }: z.infer<typeof listed>): StoredImage {
  const named = (all: string[]) => all.filter((name) => !name.startsWith("<none>"));
  return { id: Id, names: named(RepoTags), digests: named(RepoDigests), bytes: Size, parent: ParentId };
}

/** Takes out of the ledger what the engine no longer has: whoever pulls it anew, it is theirs. */
async function forgetGone(swarm: Swarm, runs: string): Promise<void> {
  const ledger = await readLedger(runs);
  const there = new Set((await storedImages(swarm)).map(({ id }) => id));
  const images = ledger.images.filter(({ id }) => there.has(id));
  if (images.length < ledger.images.length) await writeLedger(runs, { ...ledger, images });
}

/**
 * Removes an image unless it is used or known by other names since it was looked at. By its id the engine removes one
 * that has a single name; otherwise each name goes by itself, and with the last of them the image.
 */
async function remove(swarm: Swarm, { image, pulled }: Surplus): Promise<"removed" | "in use" | "refused"> {
  const names = image.names.length > 1 ? image.names : [image.id];
  for (const name of names) {
    try {
      const now = await swarm.ask(
        "look at an image",
        () => swarm.docker.getImage(name).inspect(),
        listed.omit({ ParentId: true, Size: true }),
      );
      const known = toStored({ ...now, ParentId: "", Size: 0 });
      if (known.id !== image.id || !isOursAlone(known, pulled)) return "in use";
      await swarm.docker.getImage(name).remove({ noprune: true });
    } catch (error) {
      const status = statusOf(error) ?? statusOf(error instanceof Error ? error.cause : null);
      if (status === 404) continue;
      return status === 409 ? "in use" : "refused";
    }
  }
  return "removed";
}

function nameOf({ image, pulled }: Surplus): string {
  return image.names[0] ?? pulled.names[0] ?? image.id;
}

function describe(one: Surplus, now: number): string {
  const { image, pulled } = one;
  const name = image.names.length > 0
    ? `"${nameOf(one)}"`
    : `${image.id.slice(0, 19)}, once "${nameOf(one)}"`;
  return `${name} (${formatBytes(image.bytes)}), last used ${ago(now - Date.parse(pulled.usedAt))}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

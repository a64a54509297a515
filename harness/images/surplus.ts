import { isPublished, type Ledger, type PulledImage } from "./pulled.ts";
import { referenceOf } from "./reference.ts";

/** An image as the engine holds it. */
export interface StoredImage {
  id: string;
  /** Its names with tags. */
  names: string[];
  /** Its names with digests. */
  digests: string[];
  /** Bytes of all its layers, those that it shares included. */
  bytes: number;
  /** Id of the image that it was built upon here; empty: it was not. */
  parent: string;
}

/** Images that are in use: by their ids, as containers have them, and by the names that services know. */
export interface InUse {
  ids: ReadonlySet<string>;
  names: readonly string[];
}

/** An image that may go. */
export interface Surplus {
  image: StoredImage;
  pulled: PulledImage;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Images that may go where room is wanted, in the order in which they should. Those are images that runs have pulled,
 * that nothing else here knows by a name of its own or builds upon, and that no container and no service uses, running
 * or not. First go those without a name any more that no run has used for a day; then the others, whose use is longest
 * ago first, and last of all those that published versions run, since every upgrade wants them again.
 */
export function surplusImages(
  images: readonly StoredImage[],
  { ledger, used, now }: { ledger: Ledger; used: InUse; now: number },
): Surplus[] {
  const parents = new Set(images.map(({ parent }) => parent));
  const serviceNames = used.names.map(exactNames).flat();
  const candidates = images.flatMap((image) => {
    const pulled = ledger.images.find(({ id }) => id === image.id);
    if (pulled === undefined || !isOursAlone(image, pulled)) return [];
    if (used.ids.has(image.id) || parents.has(image.id)) return [];
    if ([...image.names, ...image.digests].some((name) => serviceNames.includes(name))) return [];
    return [{ image, pulled, rank: rankOf({ image, pulled }, { ledger, now }) }];
  });
  return candidates
    .toSorted((a, b) => a.rank - b.rank || a.pulled.usedAt.localeCompare(b.pulled.usedAt))
    .map(({ image, pulled }) => ({ image, pulled }));
}

function rankOf({ image, pulled }: Surplus, { ledger, now }: { ledger: Ledger; now: number }): number {
  if (isDangling(image, pulled) && now - Date.parse(pulled.usedAt) > DAY_MS) return 0;
  return isPublished(pulled, ledger) ? 2 : 1;
}

/** Whether an image has lost its name to another one. What a recipe names by a digest alone never had a tag. */
function isDangling({ names }: StoredImage, pulled: PulledImage): boolean {
  return names.length === 0 && !pulled.names.some((name) => name.includes("@"));
}

/** Whether an image has no name that runs have not given it. Engines note digests of whatever they pull. */
export function isOursAlone({ names, digests }: StoredImage, pulled: PulledImage): boolean {
  const repositories = pulled.names.map((name) => referenceOf(name).repository);
  return names.every((name) => pulled.names.includes(name)) &&
    digests.every((name) => repositories.includes(referenceOf(name).repository));
}

/** What the engine may list an image as that a service names: by the tag, and by the digest. */
function exactNames(written: string): string[] {
  const { repository, version } = referenceOf(written);
  const [named = ""] = written.split("@");
  return named === written
    ? [`${repository}:${version}`]
    : [`${repository}@${version}`, `${repository}:${referenceOf(named).version}`];
}

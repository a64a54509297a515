import { join } from "node:path";
import * as z from "zod";
import { writeAtomically } from "../../common/files.ts";
import type { UsedImage } from "../run/messages.ts";

/** An image that a run of this host has pulled and that was not here before. */
const pulledImage = z.object({
  /** The engine's id. */
  id: z.string(),
  /** Names under which runs have pulled it, as the engine lists them: `nginx:1.27`, or with `@` and a digest. */
  names: z.array(z.string()),
  /** When a run last found or pulled it. */
  usedAt: z.iso.datetime(),
  /** Published versions that run it, as `<recipe> <version>`. */
  published: z.array(z.string()),
});

const ledger = z.object({
  images: z.array(pulledImage),
  /** The published version of each recipe that a run has upgraded from most recently. */
  latest: z.record(z.string(), z.string()),
});

export type PulledImage = z.infer<typeof pulledImage>;

/** What runs of this host have pulled, and what is known of its use. */
export type Ledger = z.infer<typeof ledger>;

/** File beside the run folders. Run folders may be removed by anybody, and what was pulled has to stay known. */
const fileOf = (runs: string) => join(runs, ".images.json");

/** Reads what is written down. A file that is missing or cannot be read says that no image is ours. */
export async function readLedger(runs: string): Promise<Ledger> {
  try {
    return ledger.parse(JSON.parse(await Deno.readTextFile(fileOf(runs))));
  } catch {
    return { images: [], latest: {} };
  }
}

export async function writeLedger(runs: string, content: Ledger): Promise<void> {
  await writeAtomically(fileOf(runs), JSON.stringify(content));
}

/** Writes down that a run has found or pulled an image. Only one run at a time works in a folder of runs. */
export async function noteImage(
  runs: string,
  noted: { image: UsedImage; recipe: string; at: string },
): Promise<void> {
  await writeLedger(runs, withImage(await readLedger(runs), noted));
}

/**
 * The ledger with one more use. An image is a run's own if its name meant nothing before, or another image that runs
 * have pulled; a name that somebody else has brought here stays theirs, whatever it comes to mean.
 */
export function withImage(
  { images, latest }: Ledger,
  { image: { id, name, was, published }, recipe, at }: { image: UsedImage; recipe: string; at: string },
): Ledger {
  const isOurs = (one: string) => images.some((known) => known.id === one && known.names.includes(name));
  const pulled = was === null || (was !== id && isOurs(was));
  const known = images.find((one) => one.id === id) ??
    (pulled ? { id, names: [], usedAt: at, published: [] } : null);
  const versions = published === null ? latest : { ...latest, [recipe]: published };
  if (known === null) return { images, latest: versions };
  const used: PulledImage = {
    id,
    names: pulled && !known.names.includes(name) ? [...known.names, name] : known.names,
    usedAt: at,
    published: published === null
      ? known.published
      : [...new Set([...known.published, `${recipe} ${published}`])],
  };
  return { images: [...images.filter((one) => one.id !== id), used], latest: versions };
}

/** Whether the published version of some recipe runs an image, as of the latest run that upgraded from one. */
export function isPublished({ published }: PulledImage, { latest }: Ledger): boolean {
  return Object.entries(latest).some(([recipe, version]) => published.includes(`${recipe} ${version}`));
}

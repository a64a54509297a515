import * as z from "zod";
import type { Swarm } from "../swarm/swarm.ts";
import { findImage } from "./engine.ts";
import { type FindLogin, hideLogin } from "./login.ts";
import { askManifest, type ManifestCall } from "./manifest.ts";
import { isSettled } from "./obtain.ts";
import { hostPlatform, isFor } from "./platform.ts";
import { isName, type Reference, referenceOf } from "./reference.ts";

const layer = z.object({ digest: z.string(), size: z.number().nonnegative() });
type Layer = z.infer<typeof layer>;

const single = z.object({ layers: z.array(layer) });
const list = z.object({
  manifests: z.array(z.object({
    digest: z.string(),
    platform: z.object({ os: z.string().default(""), architecture: z.string().default("") }).optional(),
  })),
});

export interface SizeOptions {
  findLogin: FindLogin;
  /** Told of log-ins before anything uses them. */
  hide: (secret: string) => void;
  signal: AbortSignal;
}

/**
 * Bytes in which registries would send what pulls of these images need, as far as they say so: a layer that several
 * images share counts once, and what the engine has under the same digest does not count. Registries count this as
 * pulls, so ask only where it matters.
 */
export async function bytesToPull(
  swarm: Swarm,
  images: readonly string[],
  options: SizeOptions,
): Promise<number> {
  const host = await hostPlatform(swarm);
  const references = [...new Set(images)].filter(isName).map(referenceOf);
  const lists = await Promise.all(references.map((one) => layersToPull(swarm, one, { ...options, host })));
  const sizes = new Map(lists.flat().map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Layers of an image that is not here as its registry has it; none where that cannot be told. */
async function layersToPull(
  swarm: Swarm,
  reference: Reference,
  { findLogin, hide, signal, host }: SizeOptions & { host: string },
): Promise<Layer[]> {
  const present = await findImage(swarm, reference);
  if (present !== null && isSettled(reference, present)) return [];
  const login = await findLogin(reference.registry);
  if (login !== null) hideLogin(login, hide);
  try {
    const { digest, content } = await readManifest(reference, { login, signal });
    if (digest !== null && present?.digests.includes(digest)) return [];
    const variants = list.safeParse(content);
    if (!variants.success) return single.parse(content).layers;
    const own = variants.data.manifests.find(({ platform }) =>
      platform !== undefined && isFor(`${platform.os}/${platform.architecture}`, host)
    );
    if (own === undefined) return [];
    const variant = await readManifest({ ...reference, version: own.digest }, { login, signal });
    return single.parse(variant.content).layers;
  } catch {
    return []; // the pull itself tells what is wrong with the image, or with the way there
  }
}

async function readManifest(reference: Reference, call: ManifestCall) {
  const answer = await askManifest(reference, call);
  if (!answer.ok) throw new Error(`The registry answers ${answer.status}`);
  const content: unknown = await answer.json();
  return { digest: answer.headers.get("docker-content-digest"), content };
}

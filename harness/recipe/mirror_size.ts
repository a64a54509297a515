import { join } from "node:path";

/** How large a mirror may become. Each fetch adds a pack; nothing ever takes one away. */
export interface MirrorLimits {
  packs: number;
  bytes: number;
}

const usual: MirrorLimits = { packs: 300, bytes: 1024 ** 3 };

/**
 * Whether a mirror should be made anew, which costs one fetch of everything. What a pull request pushes stays in the
 * mirror when the pull request is long gone, and what killed fetches left behind stays too.
 */
export async function isOvergrown(mirror: string, limits: MirrorLimits = usual): Promise<boolean> {
  const folder = join(mirror, "objects", "pack");
  let packs = 0;
  let bytes = 0;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".pack")) packs++;
      bytes += (await Deno.stat(join(folder, name))).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return packs > limits.packs || bytes > limits.bytes;
}

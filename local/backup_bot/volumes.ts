import { join, normalize } from "node:path";
import { execOk } from "../../common/exec.ts";
import { BotError } from "./engine.ts";
import type { Saved } from "./labels.ts";

/** Where the engine keeps volumes, as the bot's container sees it and snapshots name it. */
export const VOLUMES = "/var/lib/docker/volumes";

/**
 * The paths that are saved, absolute.
 * @throws {BotError} for a path that leads out of its volume: what stands there is somebody else's
 */
export function savedPaths(saved: readonly Saved[], root: string): string[] {
  return saved.flatMap(({ volume, paths }) => {
    const data = join(root, volume, "_data");
    return (paths ?? ["."]).map((path) => {
      const relative = normalize(path.replace(/^\/+/, "")).replace(/\/$/, "");
      if (relative === ".." || relative.startsWith("../")) {
        throw new BotError(`The path "${path}" leads out of the volume ${volume}`);
      }
      return relative === "." || relative === "" ? data : join(data, relative);
    });
  });
}

/**
 * Whether a path is there.
 * @throws {BotError} if a link on the way to it leads out of its volume
 */
export async function isThere(path: string, root: string): Promise<boolean> {
  const [volume = ""] = path.slice(root.length + 1).split("/");
  const data = await Deno.realPath(join(root, volume, "_data")).catch(() => undefined);
  // The last part may be a link: links are saved and brought back as such.
  const last = path.lastIndexOf("/");
  const holder = path === join(root, volume, "_data") ? path : path.slice(0, last);
  const real = await Deno.realPath(holder).catch(() => undefined);
  if (data === undefined || real === undefined) return false;
  if (real !== data && !real.startsWith(`${data}/`)) {
    throw new BotError(`A link leads from "${path}" out of the volume ${volume}`);
  }
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Makes the folder that holds a path, level by level, so that none is made through a link out of the volume. */
async function makeHolder(path: string, root: string): Promise<void> {
  const [volume = "", data = "", ...below] = path.slice(root.length + 1).split("/");
  let folder = join(root, volume, data);
  for (const part of below.slice(0, -1)) {
    folder = join(folder, part);
    if (!await isThere(folder, root)) await Deno.mkdir(folder);
  }
  await isThere(path, root);
}

/**
 * Folder for what a restore brings, beside the data of a path's volume: no app sees it there, and whatever a restore
 * that was killed leaves in it goes when the volume is removed.
 */
export function scratchFor(path: string, root: string): string {
  const [volume = ""] = path.slice(root.length + 1).split("/");
  return join(root, volume, "restore");
}

/**
 * Puts what was restored in a scratch folder where it belongs. Going this way, and not straight from restic into the
 * volume, means that a link which the app made in the place of a folder is never followed.
 */
export async function putBack(
  path: string,
  { scratch, root }: { scratch: string; root: string },
): Promise<void> {
  const from = join(scratch, path);
  if (!await Deno.lstat(from).then(() => true, () => false)) return;
  await makeHolder(path, root);
  await execOk(["cp", "--archive", "--remove-destination", "--no-target-directory", from, path], {
    timeoutMs: 3_600_000,
  });
}

import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import * as z from "zod";
import { statusOf, type Swarm } from "../../harness/swarm/swarm.ts";
import { HostError } from "../errors.ts";
import { haveDocker } from "./engine_calls.ts";

const volume = z.object({ Mountpoint: z.string() });

/** Where the volume lies from which the recipe traefik takes routes; null without one. */
async function folderOf(swarm: Swarm, stack: string): Promise<string | null> {
  const name = `${stack}_file-providers`;
  const there = await haveDocker(`look at the volume "${name}"`, async () => {
    try {
      return await swarm.docker.getVolume(name).inspect();
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  });
  return there === null ? null : volume.parse(there).Mountpoint;
}

/** Files with routes, by name; null where the proxy has no place for them. */
export async function readRoutes(swarm: Swarm, stack: string): Promise<Record<string, string> | null> {
  const folder = await folderOf(swarm, stack);
  if (folder === null) return null;
  const files: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && /\.ya?ml$/.test(name)) files[name] = await Deno.readTextFile(join(folder, name));
  }
  return files;
}

/** Writes a file with routes in one go: the proxy reads it as soon as it is there. */
export async function writeRoutes(
  swarm: Swarm,
  { stack, file, text }: { stack: string; file: string; text: string },
): Promise<void> {
  const folder = await folderOf(swarm, stack);
  if (folder === null) {
    throw new HostError("not yet", "The proxy has no folder for routes", {
      hint: 'Bring the proxy up first, with "cc-ci-host proxy".',
    });
  }
  await writeAtomically(join(folder, file), text);
}

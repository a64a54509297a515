import { join } from "node:path";
import { createHash } from "node:crypto";
import { UsageError } from "../common/errors.ts";
import { execOk } from "../common/exec.ts";
import { exists, removeTree } from "../common/files.ts";
import type { Program } from "./start.ts";

/** dockerode loads these for connections that ours never are; `harness/swarm/slim_docker.ts` answers in their place. */
const OF_DOCKERODE = ["ssh2", "@grpc/grpc-js", "@grpc/proto-loader"];
/** Libraries that a bundle leaves out. */
const LEFT_OUT: Record<Program, readonly string[]> = {
  bridge: [],
  dashboard: [],
  harness: OF_DOCKERODE,
  host: OF_DOCKERODE,
};
export const PROGRAMS = Object.keys(LEFT_OUT) as Program[];

/** What the runtime of a Docker Engine with the floor consists of; it is no part of a program, the engine starts it. */
export const FLOOR_FILES = ["runtime.sh", "runtime.ts", "network.sh", "packet_filter.ts"] as const;

/** A file that was written, its size in bytes, and its SHA-256 digest in hexadecimal digits. */
export interface Written {
  name: string;
  bytes: number;
  digest: string;
}

/**
 * Writes each program as one file that needs no library and no network, and beside them what belongs to them: the
 * permission sets, the recipes, the floor's runtime. The same tree gives the same bytes, wherever it lies.
 * @param folder is replaced when it holds programs already
 * @throws {UsageError} when it holds something else
 * @throws the signal's reason; what was there before stays then
 */
export async function bundlePrograms(
  folder: string,
  { repo, signal }: { repo: string; signal?: AbortSignal },
): Promise<Written[]> {
  const isThere = await exists(folder);
  if (isThere && [...Deno.readDirSync(folder)].length > 0 && !await exists(join(folder, "harness.js"))) {
    throw new UsageError(`Could not write the programs to "${folder}": it holds something else`, {
      hint: "Name a folder that is empty or not there.",
    });
  }
  const draft = `${folder}.${Deno.pid}.new`;
  try {
    await Deno.mkdir(join(draft, "floor"), { recursive: true });
    for (const program of PROGRAMS) {
      // What is not minified names the folder of Deno's cache in comments. Names cannot be kept as well: Deno then does
      // not find the place where a bundle has to learn how to load Node's modules.
      const external = LEFT_OUT[program].map((name) => `--external=${name}`);
      await execOk([
        Deno.execPath(),
        ...["bundle", "--quiet", "--frozen", "--platform=deno", "--minify", ...external],
        ...["--output", join(draft, `${program}.js`), `${program}.ts`],
      ], { cwd: repo, timeoutMs: 300_000, ...(signal === undefined ? {} : { signal }) })
        .finally(() => signal?.throwIfAborted());
    }
    const { permissions } = JSON.parse(await Deno.readTextFile(join(repo, "deno.json")));
    await Deno.writeTextFile(join(draft, "deno.json"), `${JSON.stringify({ permissions }, null, 2)}\n`);
    for (const name of FLOOR_FILES) {
      await Deno.copyFile(join(repo, "harness", "floor", name), join(draft, "floor", name));
    }
    await copyFolder(join(repo, "recipes"), join(draft, "recipes"));
    if (isThere) await removeTree(folder);
    await Deno.rename(draft, folder);
  } finally {
    await removeTree(draft);
  }
  return await Promise.all([...PROGRAMS.map((program) => `${program}.js`), "deno.json"].map(async (name) => {
    const content = await Deno.readFile(join(folder, name));
    return { name, bytes: content.length, digest: createHash("sha256").update(content).digest("hex") };
  }));
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}

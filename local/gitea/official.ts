import { join } from "node:path";
import { runCommandOk } from "../../common/command.ts";
import { exists, removeTree } from "../../common/files.ts";
import { fromRegistry, type Registry } from "../docker/registry.ts";
import { StackError } from "../host/errors.ts";
import type { Paths } from "../host/paths.ts";
import type { Progress } from "../host/progress.ts";

export interface OfficialContext {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
  registry?: Registry;
}

/** The image on Docker Hub. */
export function giteaImage(version: string): string {
  return `gitea/gitea:${version}`;
}

/** In that image. The loader is that of the C library which the program was linked for. */
export const IN_IMAGE = {
  program: ["app/gitea/gitea"],
  loader: ["lib", "usr/lib"].map((folder) => `${folder}/ld-musl-${Deno.build.arch}.so.1`),
};

/** Where the official Gitea of a version is kept. */
function programIn({ bin }: Paths, version: string): string {
  return join(bin, `gitea-${version}-official`, "gitea");
}

/**
 * The Gitea of the official image, which holds its pages in itself. It runs as a process of this machine like one that
 * was built here, and not in a container: a container would end with its engine, and see another user and other paths.
 * @returns its path; nothing where no registry gives it
 */
export async function officialGitea(version: string, context: OfficialContext): Promise<string | undefined> {
  const program = programIn(context.paths, version);
  if (await exists(program)) return program;
  const work = (registry: Registry) => fetchGitea(version, { ...context, registry });
  return await fromRegistry({ name: "Gitea", work }, context) ? program : undefined;
}

async function fetchGitea(
  version: string,
  { paths, signal, registry }: OfficialContext & { registry: Registry },
): Promise<void> {
  const folder = join(programIn(paths, version), "..");
  const draft = `${folder}.new`;
  await removeTree(draft);
  await Deno.mkdir(draft, { recursive: true });
  try {
    const files = Object.entries(IN_IMAGE).map(([name, paths]) => ({ paths, to: join(draft, name) }));
    await registry.files(giteaImage(version), files, signal);
    const start = join(draft, "gitea");
    await Deno.copyFile(join(paths.repo, "local", "gitea", "start.sh"), start);
    const { stdout } = await runCommandOk([start, "--version"], { signal });
    if (!stdout.includes(` ${version} `)) {
      throw new StackError(`Could not use the official Gitea ${version}: it says "${stdout.trim()}"`);
    }
    await removeTree(folder);
    await Deno.rename(draft, folder);
  } finally {
    await removeTree(draft);
  }
}

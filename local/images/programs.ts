import { join } from "node:path";
import { exists } from "../../common/files.ts";
import { buildGitea } from "../gitea/gitea.ts";
import { buildProgram } from "../host/build.ts";
import type { Paths } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { type ImageSpec, SOURCES } from "./catalogue.ts";

/** A file or folder that an image holds and Debian does not have. */
export interface Brought {
  from: string;
  /** Its name beside the Dockerfile. */
  to: string;
}

export interface ProgramContext {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
}

/** Builds the program of an image, unless the cache has it. */
export async function imageProgram(image: ImageSpec, context: ProgramContext): Promise<Brought[]> {
  if (image.program === "miniflux") {
    return [{ from: await buildMiniflux(image.version, context), to: "miniflux" }];
  }
  if (image.program === "gitea") {
    const { binary, staticRoot } = await buildGitea(context);
    return [{ from: binary, to: "program" }, { from: staticRoot, to: "pages" }];
  }
  if (image.program === "oidc-provider") {
    return [{ from: await packOidcProvider(image.version, context), to: "oidc-provider" }];
  }
  return [];
}

/** An archive of npm's package with all that it needs. */
async function packOidcProvider(
  version: string,
  { paths, progress, signal }: ProgramContext,
): Promise<string> {
  const archive = join(paths.bin, `oidc-provider-${version}`);
  if (await exists(archive)) return archive;
  const name = `oidc-provider ${version}`;
  await inStep(progress, `Download ${name}`, (step) => {
    const argv = [join(SOURCES, "oidc-provider", "build.sh"), version, archive, Deno.execPath()];
    return buildProgram({ paths, step, signal, name, argv, usually: "about 10 s" });
  });
  return archive;
}

async function buildMiniflux(version: string, { paths, progress, signal }: ProgramContext): Promise<string> {
  const binary = join(paths.bin, `miniflux-${version}`);
  if (await exists(binary)) return binary;
  const name = `Miniflux ${version}`;
  await inStep(progress, `Build ${name}`, (step) => {
    const argv = [join(SOURCES, "miniflux", "build.sh"), version, binary];
    return buildProgram({ paths, step, signal, name, argv, usually: "about 45 s" });
  });
  return binary;
}

import { join } from "node:path";
import { exec, execOk } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import { builtEngine, ENGINE_IMAGE } from "../../local/docker/engine_program.ts";
import { GITEA_VERSION, type GiteaProgram } from "../../local/gitea/gitea.ts";
import { giteaImage, IN_IMAGE } from "../../local/gitea/official.ts";
import type { Paths } from "../../local/host/paths.ts";
import { BASE_IMAGE, imagesOfRecipe, OFFICIAL_BASE } from "../../local/images/catalogue.ts";
import { builtTraefik, OFFICIAL_TRAEFIK } from "../../local/traefik/traefik_image.ts";

/** An image to make. */
interface Recipe {
  /** Its name on Docker Hub. */
  image: string;
  dockerfile: string[];
  /** What the Dockerfile copies: name → path on this machine. */
  files?: Record<string, string>;
}

const TRAEFIK_ENTRYPOINT = `#!/bin/sh
set -e
[ "\${1#-}" = "$1" ] || set -- traefik "$@"
exec "$@"
`;

/**
 * Stores in a registry what Docker Hub has of the local stack: images with the names, paths and entrypoints of the
 * official ones, made of what this machine has.
 */
export async function pushOfficialImages(
  host: string,
  { paths, gitea, folder }: { paths: Paths; gitea: GiteaProgram; folder: string },
): Promise<void> {
  const base = await has(OFFICIAL_BASE) ? OFFICIAL_BASE : BASE_IMAGE;
  const apps = imagesOfRecipe["custom-html"] ?? [];
  const recipes: Recipe[] = [
    { image: OFFICIAL_BASE, dockerfile: [`FROM ${base}`] },
    ...apps.map(({ tag }) => ({ image: tag, dockerfile: [`FROM ${tag}`] })),
    await giteaRecipe(gitea, base),
    await traefikRecipe(paths, { base, folder }),
    ...await engineRecipes(paths, base),
  ];
  for (const recipe of recipes) await push(recipe, { host, folder });
}

/** None where the stack runs on an engine that is installed. */
async function engineRecipes(paths: Paths, base: string): Promise<Recipe[]> {
  const { dockerd, proxy } = builtEngine(paths);
  if (!await exists(dockerd)) return [];
  const dockerfile = [`FROM ${base}`, "COPY dockerd docker-proxy /usr/local/bin/"];
  return [{ image: ENGINE_IMAGE, dockerfile, files: { dockerd, "docker-proxy": proxy } }];
}

/** The loader stands where the official image has musl's. This machine's own is right for what was built here. */
async function giteaRecipe({ binary }: GiteaProgram, base: string): Promise<Recipe> {
  const beside = (name: string) => join(binary, "..", name);
  const official = await exists(beside("loader"));
  const [program = "", loader = ""] = [IN_IMAGE.program[0], IN_IMAGE.loader[0]];
  return {
    image: giteaImage(GITEA_VERSION),
    dockerfile: [
      `FROM ${base}`,
      `COPY loader /${loader}`,
      `COPY program /${program}`,
      'ENTRYPOINT ["/usr/bin/entrypoint"]',
    ],
    files: {
      program: official ? beside("program") : binary,
      loader: official ? beside("loader") : await loaderOf(binary),
    },
  };
}

/** Who loads a program of this machine. */
async function loaderOf(program: string): Promise<string> {
  const { stdout } = await execOk(["ldd", program]);
  const loader = /^\s*(\/\S*\/ld-\S+) \(0x/m.exec(stdout)?.[1];
  if (loader === undefined) throw new Error(`Nothing loads "${program}": ${stdout}`);
  return await Deno.realPath(loader);
}

async function traefikRecipe(
  paths: Paths,
  { base, folder }: { base: string; folder: string },
): Promise<Recipe> {
  if (await has(OFFICIAL_TRAEFIK)) {
    return { image: OFFICIAL_TRAEFIK, dockerfile: [`FROM ${OFFICIAL_TRAEFIK}`] };
  }
  const entrypoint = join(folder, "entrypoint.sh");
  await Deno.writeTextFile(entrypoint, TRAEFIK_ENTRYPOINT, { mode: 0o755 });
  return {
    image: OFFICIAL_TRAEFIK,
    dockerfile: [
      `FROM ${base}`,
      "COPY traefik /usr/local/bin/traefik",
      "COPY entrypoint.sh /entrypoint.sh",
      'ENTRYPOINT ["/entrypoint.sh"]',
      'CMD ["traefik"]',
    ],
    files: { traefik: builtTraefik(paths), "entrypoint.sh": entrypoint },
  };
}

async function has(image: string): Promise<boolean> {
  return (await exec(["docker", "image", "inspect", image])).success;
}

async function push(
  { image, dockerfile, files = {} }: Recipe,
  { host, folder }: { host: string; folder: string },
): Promise<void> {
  const name = `${host}/${image.includes("/") ? image : `library/${image}`}`;
  const context = await Deno.makeTempDir({ dir: folder, prefix: "image-" });
  await Deno.writeTextFile(join(context, "Dockerfile"), dockerfile.join("\n"));
  for (const [file, path] of Object.entries(files)) await Deno.copyFile(path, join(context, file));
  try {
    // The classic builder is part of every engine and finds images that exist only here.
    await execOk(["docker", "build", "--quiet", "--force-rm", "--tag", name, context], {
      env: { DOCKER_BUILDKIT: "0" },
      timeoutMs: 300_000,
    });
    await execOk(["docker", "push", "--quiet", name], { timeoutMs: 300_000 });
  } finally {
    await exec(["docker", "rmi", "--force", name]);
    await Deno.remove(context, { recursive: true });
  }
}

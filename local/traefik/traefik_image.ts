import { join } from "node:path";
import { runCommandOk } from "../../common/command.ts";
import { buildProgram } from "../host/build.ts";
import { type Docker, DOCKER_ENV, orNothing } from "../docker/client.ts";
import { exists } from "../../common/files.ts";
import { fromRegistry, type Registry } from "../docker/registry.ts";
import { CONTENT_LABEL } from "../images/content.ts";
import { engineId } from "../images/engine.ts";
import { Ledger } from "../images/ledger.ts";
import type { Paths } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";

const TRAEFIK_VERSION = "3.7.13";
/** On Docker Hub. */
export const OFFICIAL_TRAEFIK = `traefik:v${TRAEFIK_VERSION}`;
/** A name that no registry is ever asked for. */
const LOCAL_IMAGE = `localhost/cc-ci/traefik:${TRAEFIK_VERSION}`;
/** Says that we made the image, and from what. */
const CONTENT = `traefik-${TRAEFIK_VERSION}`;

interface Surroundings {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * The image to run Traefik from: one the engine has, else the official one pulled, else one made from a binary built
 * here. Answers its tag.
 */
export async function ensureTraefikImage(
  docker: Docker,
  { paths, progress, signal }: Surroundings,
): Promise<string> {
  for (const tag of [OFFICIAL_TRAEFIK, LOCAL_IMAGE]) {
    if (await orNothing(docker.getImage(tag).inspect()) !== undefined) return tag;
  }
  const binary = builtTraefik(paths);
  if (!await exists(binary)) {
    const work = (registry: Registry) => registry.pull(OFFICIAL_TRAEFIK, signal);
    if (await fromRegistry({ name: "Traefik's image", work }, { progress, signal })) return OFFICIAL_TRAEFIK;
    await buildTraefik({ paths, progress, signal });
  }
  await inStep(progress, "Make Traefik's image", () => importImage(binary, paths));
  await new Ledger(paths.cache).add({ engine: await engineId(), tag: LOCAL_IMAGE, content: CONTENT });
  return LOCAL_IMAGE;
}

/** Traefik as a program of this machine: one that was built here, else that of the official image, else one built now. */
export async function ensureTraefikProgram(surroundings: Surroundings): Promise<string> {
  const { paths, signal } = surroundings;
  const official = `${builtTraefik(paths)}-official`;
  for (const program of [builtTraefik(paths), official]) if (await exists(program)) return program;
  const work = async (registry: Registry) => {
    const draft = `${official}.new`;
    await ensured(paths.bin);
    await registry.files(OFFICIAL_TRAEFIK, [{ paths: ["usr/local/bin/traefik"], to: draft }], signal);
    await Deno.chmod(draft, 0o755);
    await Deno.rename(draft, official);
  };
  if (await fromRegistry({ name: "Traefik", work }, surroundings)) return official;
  await buildTraefik(surroundings);
  return builtTraefik(paths);
}

async function buildTraefik({ paths, progress, signal }: Surroundings): Promise<void> {
  await inStep(progress, "Build Traefik", (step) =>
    buildProgram({
      name: "Traefik",
      argv: [
        join(paths.repo, "local", "traefik", "build.sh"),
        TRAEFIK_VERSION,
        builtTraefik(paths),
        join(paths.build, "traefik"),
      ],
      paths,
      step,
      signal,
      usually: "about 5 min",
    }));
}

/** Where the Traefik lies that is built here. */
export function builtTraefik({ bin }: Pick<Paths, "bin">): string {
  return join(bin, `traefik-${TRAEFIK_VERSION}`);
}

/** An image that holds nothing but the binary and the CA bundle of this machine. */
async function importImage(binary: string, paths: Paths): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: await ensured(paths.build), prefix: "traefik-image-" });
  try {
    const tar = join(folder, "image.tar");
    await Deno.mkdir(join(folder, "root", "tmp"), { recursive: true });
    await Deno.link(binary, join(folder, "root", "traefik")).catch(() =>
      Deno.copyFile(binary, join(folder, "root", "traefik"))
    );
    await runCommandOk(["tar", "--owner=0", "--group=0", "-C", join(folder, "root"), "-cf", tar, "."], {
      timeoutMs: 120_000,
    });
    await runCommandOk(
      [
        "docker",
        "import",
        "--change",
        'ENTRYPOINT ["/traefik"]',
        "--change",
        "EXPOSE 80 443",
        "--change",
        `LABEL ${CONTENT_LABEL}=${CONTENT}`,
        tar,
        LOCAL_IMAGE,
      ],
      { env: DOCKER_ENV, timeoutMs: 120_000 },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function ensured(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exists } from "../../common/files.ts";
import { buildProgram, dropBuildCaches } from "../host/build.ts";
import { ensurePrograms, onPath } from "../host/host.ts";
import type { Paths } from "../host/paths.ts";
import type { Progress, Step } from "../host/progress.ts";
import { fromRegistry, type Registry } from "./registry.ts";

/** Of what a registry gives of Docker, or is built here. Debian's is years older than what hosts run. */
export const DOCKER_VERSION = "28.5.2";

/** On Docker Hub. It holds programs that need no libraries. */
export const ENGINE_IMAGE = `docker:${DOCKER_VERSION}-dind`;

/** Where both are kept; where `dockerd` is, both are. */
export function builtEngine({ bin }: Pick<Paths, "bin">): { dockerd: string; proxy: string } {
  return {
    dockerd: join(bin, `dockerd-${DOCKER_VERSION}`),
    proxy: join(bin, `docker-proxy-${DOCKER_VERSION}`),
  };
}

export interface EngineContext {
  paths: Paths;
  step: Step;
  progress: Progress;
  signal: AbortSignal;
  registry?: Registry;
}

/**
 * What starts an engine where none runs. A `dockerd` that is installed is not started unless `CCCI_DOCKERD` says so:
 * of whatever version it is, runs here would show something else than on hosts.
 * @param named value of `CCCI_DOCKERD`: a full path, or a name on PATH; without it the engine is the one kept in
 * the cache: that of Docker's image where a registry has it, otherwise one built here from its Go module
 * @returns the program and the options that it needs to find its helpers
 */
export async function ensureEngineProgram(
  context: EngineContext,
  named = Deno.env.get("CCCI_DOCKERD"),
): Promise<string[]> {
  if (named) return [await findEngine(named)];
  await ensurePrograms(["containerd", "runc", ["tini-static", "docker-init"]], {
    why: "Docker Engine",
    step: context.step,
  });
  const init = await onPath("tini-static") ?? await onPath("docker-init");
  const { dockerd, proxy } = await keptEngine(context);
  return [dockerd, `--userland-proxy-path=${proxy}`, ...(init === undefined ? [] : [`--init-path=${init}`])];
}

/** Gets what is not there yet. */
export async function keptEngine(
  { paths, step, progress, signal, ...asked }: EngineContext,
): Promise<{ dockerd: string; proxy: string }> {
  const { dockerd, proxy } = builtEngine(paths);
  const fetched = () => {
    const work = (registry: Registry) => fetchEngine(registry, { paths, signal });
    return fromRegistry({ name: "Docker Engine", work }, { progress, signal, ...asked });
  };
  if (!await exists(dockerd) && !await fetched()) {
    const script = "build-engine.sh";
    await buildProgram({
      ...{ paths, step, signal, name: "Docker Engine", usually: "about 4 min" },
      argv: [
        join(paths.repo, "local", "docker", script),
        DOCKER_VERSION,
        dockerd,
        proxy,
        join(paths.build, script),
      ],
    });
    await dropBuildCaches(paths);
  }
  return { dockerd, proxy };
}

/** Takes out of Docker's image what is built elsewhere. No engine has to run for that. */
async function fetchEngine(
  registry: Registry,
  { paths, signal }: Pick<EngineContext, "paths" | "signal">,
): Promise<void> {
  const { dockerd, proxy } = builtEngine(paths);
  await Deno.mkdir(paths.bin, { recursive: true });
  await registry.files(ENGINE_IMAGE, [
    { paths: ["usr/local/bin/docker-proxy"], to: `${proxy}.new` },
    { paths: ["usr/local/bin/dockerd"], to: `${dockerd}.new` },
  ], signal);
  for (const path of [proxy, dockerd]) await Deno.rename(`${path}.new`, path);
}

async function findEngine(named: string): Promise<string> {
  const path = named.startsWith("/") ? named : await onPath(named);
  if (path !== undefined && await exists(path)) return path;
  throw new UsageError(`Could not find the Docker Engine "${named}" that CCCI_DOCKERD names`, {
    hint:
      "Install it (Debian's package is docker.io), or leave CCCI_DOCKERD out: an engine is then built here",
  });
}

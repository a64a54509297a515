import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exists } from "../../common/files.ts";
import { buildProgram, dropBuildCaches } from "../host/build.ts";
import { ensurePrograms, onPath } from "../host/host.ts";
import type { Paths } from "../host/paths.ts";
import type { Step } from "../host/progress.ts";

/** Of what is built here of Docker. Debian's is years older than what hosts run. */
export const DOCKER_VERSION = "28.5.2";

/** Where what is built lies; where `dockerd` is, both are. */
function builtEngine({ bin }: Pick<Paths, "bin">): { dockerd: string; proxy: string } {
  return {
    dockerd: join(bin, `dockerd-${DOCKER_VERSION}`),
    proxy: join(bin, `docker-proxy-${DOCKER_VERSION}`),
  };
}

/**
 * What starts an engine where none runs. A `dockerd` that is installed is not started unless `CCCI_DOCKERD` says so:
 * of whatever version it is, runs here would show something else than on hosts.
 * @param named value of `CCCI_DOCKERD`: a full path, or a name on PATH; without it the engine is the one built here
 * from its Go module and kept in the cache
 * @returns the program and the options that it needs to find its helpers
 */
export async function ensureEngineProgram(
  { paths, step, signal }: { paths: Paths; step: Step; signal: AbortSignal },
  named = Deno.env.get("CCCI_DOCKERD"),
): Promise<string[]> {
  if (named) return [await findEngine(named)];
  await ensurePrograms(["containerd", "runc", ["tini-static", "docker-init"]], {
    why: "Docker Engine",
    step,
  });
  const init = await onPath("tini-static") ?? await onPath("docker-init");
  const { dockerd, proxy } = builtEngine(paths);
  if (!await exists(dockerd)) {
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
  return [dockerd, `--userland-proxy-path=${proxy}`, ...(init === undefined ? [] : [`--init-path=${init}`])];
}

async function findEngine(named: string): Promise<string> {
  const path = named.startsWith("/") ? named : await onPath(named);
  if (path !== undefined && await exists(path)) return path;
  throw new UsageError(`Could not find the Docker Engine "${named}" that CCCI_DOCKERD names`, {
    hint:
      "Install it (Debian's package is docker.io), or leave CCCI_DOCKERD out: an engine is then built here",
  });
}

import { join } from "node:path";
import { findDockerClient } from "../../common/docker_client.ts";
import { exists } from "../../common/files.ts";
import { buildProgram, dropBuildCaches } from "../host/build.ts";
import type { Paths } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { DOCKER_VERSION } from "./engine_program.ts";
import { fromRegistry } from "./registry.ts";

/**
 * A docker client that can show how it reads compose files. Debian 12's cannot; then one is kept in the cache: the one
 * of Docker's image where a registry has it, otherwise one built from its Go module. It is used for nothing else.
 * @returns its path
 */
export async function ensureComposeClient(
  { paths, progress, signal }: { paths: Paths; progress: Progress; signal: AbortSignal },
): Promise<string> {
  const installed = await findDockerClient();
  if (installed !== null) return installed;
  const built = join(paths.bin, `docker-${DOCKER_VERSION}`);
  if (await exists(built)) return built;
  const draft = `${built}.new`;
  const got = await fromRegistry({
    name: "a docker client",
    work: async (registry) => {
      await registry.files(
        `docker:${DOCKER_VERSION}-cli`,
        [{ paths: ["usr/local/bin/docker"], to: draft }],
        signal,
      );
      await Deno.rename(draft, built);
    },
  }, { progress, signal });
  if (got) return built;
  await inStep(progress, "Build a docker client", async (step) => {
    const script = "build-client.sh";
    const argv = [
      join(paths.repo, "local", "docker", script),
      DOCKER_VERSION,
      built,
      join(paths.build, script),
    ];
    await buildProgram({ paths, step, signal, name: "Docker client", argv, usually: "about 3 min" });
  });
  await dropBuildCaches(paths);
  return built;
}

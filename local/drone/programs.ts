import { join } from "node:path";
import { buildProgram, dropBuildCaches } from "../host/build.ts";
import { exists } from "../../common/files.ts";
import type { BuildContext } from "../gitea/gitea.ts";
import { inStep } from "../host/progress.ts";

const SERVER_VERSION = "1.10.1";
const RUNNER_VERSION = "1.0.0-beta.10";

/** Paths of the two programs. */
export interface DronePrograms {
  server: string;
  runner: string;
}

/** Drone's server and exec runner, built from their modules and kept in the cache; no package of either exists. */
export async function ensureDronePrograms({ paths, progress, signal }: BuildContext): Promise<DronePrograms> {
  const server = join(paths.bin, `drone-server-${SERVER_VERSION}`);
  const runner = join(paths.bin, `drone-runner-exec-${RUNNER_VERSION}`);
  const builds = [
    {
      name: "Drone",
      script: "build-server.sh",
      version: SERVER_VERSION,
      out: server,
      usually: "about 3 min",
    },
    {
      name: "Drone's runner",
      script: "build-runner.sh",
      version: RUNNER_VERSION,
      out: runner,
      usually: "about 1 min",
    },
  ];
  let built = false;
  for (const { name, script, version, out, usually } of builds) {
    if (await exists(out)) continue;
    built = true;
    await inStep(progress, `Build ${name}`, async (step) => {
      const argv = [join(paths.repo, "local", "drone", script), version, out, join(paths.build, script)];
      await buildProgram({ paths, step, signal, name, argv, usually });
    });
  }
  if (built) await dropBuildCaches(paths);
  return { server, runner };
}

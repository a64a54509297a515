import { basename, join } from "node:path";
import { buildProgram, dropBuildCaches } from "../host/build.ts";
import { exists } from "../../common/files.ts";
import type { BuildContext } from "../gitea/gitea.ts";
import type { Paths } from "../host/paths.ts";
import { inStep } from "../host/progress.ts";

const SERVER_VERSION = "1.10.1";
const RUNNER_VERSION = "1.0.0-beta.10";

/** Paths of the two programs. */
export interface DronePrograms {
  server: string;
  runner: string;
}

/** Drone's server and exec runner, built from their modules and kept in the cache; no package of either exists. */
export async function ensureDronePrograms(context: BuildContext): Promise<DronePrograms> {
  const server = await ensureProgram(context, {
    ...{ name: "Drone", usually: "about 3 min", script: "drone/build-server.sh", version: SERVER_VERSION },
    out: `drone-server-${SERVER_VERSION}`,
  });
  return { server, runner: await ensureDroneRunner(context) };
}

/** Where Drone's exec runner lies once it is built. */
export function runnerProgram(paths: Paths): string {
  return join(paths.bin, `drone-runner-exec-${RUNNER_VERSION}`);
}

/** Drone's exec runner alone. */
export function ensureDroneRunner(context: BuildContext): Promise<string> {
  return ensureProgram(context, {
    ...{
      name: "Drone's runner",
      usually: "about 1 min",
      script: "host/build-go.sh",
      version: RUNNER_VERSION,
    },
    out: basename(runnerProgram(context.paths)),
    more: ["github.com/drone-runners/drone-runner-exec", "."],
  });
}

interface Source {
  name: string;
  usually: string;
  script: string;
  version: string;
  out: string;
  /** What else the script takes. */
  more?: string[];
}

async function ensureProgram({ paths, progress, signal }: BuildContext, source: Source): Promise<string> {
  const { name, usually, script, version, more = [] } = source;
  const out = join(paths.bin, source.out);
  if (await exists(out)) return out;
  await inStep(progress, `Build ${name}`, async (step) => {
    const work = join(paths.build, source.out);
    const argv = [join(paths.repo, "local", script), version, out, work, ...more];
    await buildProgram({ paths, step, signal, name, argv, usually });
  });
  await dropBuildCaches(paths);
  return out;
}

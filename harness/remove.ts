import { join } from "node:path";
import { UsageError } from "../common/errors.ts";
import { runName } from "../protocol/params.ts";
import { exitCodes } from "../protocol/result.ts";
import { cleanUp } from "./cleanup.ts";
import { FileLock } from "./lock.ts";
import { RunFolder } from "./run_folder.ts";
import type { Settings } from "./settings.ts";
import { Swarm } from "./swarm.ts";

/** Removes the apps of a run that was told to keep them. @returns exit code */
export async function remove(
  run: string,
  options: { settings: Settings; say: (text: string) => void },
): Promise<number> {
  const { settings, say } = options;
  const folder = new RunFolder(join(settings.RUNS, run));
  const plan = runName.safeParse(run).success ? await folder.plan() : null;
  if (plan === null) throw new UsageError(`There is no run "${run}" in "${settings.RUNS}"`);
  using lock = await FileLock.take(folder.lock);
  if (lock === null) throw new UsageError(`Run "${run}" is still going on`);
  const swarm = new Swarm(plan.settings.DOCKER_SOCKET);
  const { leftovers } = await cleanUp({
    plan,
    folder,
    swarm,
    log: (line) => say(`${line}\n`),
    foreign: null,
  });
  say(leftovers.length === 0 ? `Nothing of run ${run} is left\n` : `Still there: ${leftovers.join(", ")}\n`);
  return leftovers.length === 0 ? 0 : exitCodes.infra;
}

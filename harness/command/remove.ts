import { UsageError } from "../../common/errors.ts";
import { exitCodes } from "../../protocol/result.ts";
import { cleanUp } from "../cleanup/clean_up.ts";
import { FileLock } from "../run/lock.ts";
import { resolvePath } from "../../common/files.ts";
import { RunFolder } from "../run/folder.ts";
import { Swarm } from "../swarm/swarm.ts";

/**
 * Removes the apps of a run that was told to keep them. The run folder says all there is to know.
 * @returns exit code
 */
export async function remove(path: string, say: (text: string) => void): Promise<number> {
  const folder = new RunFolder(resolvePath(path));
  const plan = await folder.plan();
  if (plan === null) throw new UsageError(`"${path}" is not the folder of a run`);
  using lock = await FileLock.take(folder.lock);
  const { run } = plan.request;
  if (lock === null) throw new UsageError(`Run "${run}" is still going on`);
  const swarm = new Swarm(plan.settings.DOCKER_SOCKET);
  const { leftovers } = await cleanUp({
    plan,
    folder,
    swarm,
    log: (line) => say(`${line}\n`),
    foreign: null,
    backedUp: plan.stages.includes("backup"), // whether the run got as far as its backup is not known here
  });
  say(leftovers.length === 0 ? `Nothing of run ${run} is left\n` : `Still there: ${leftovers.join(", ")}\n`);
  return leftovers.length === 0 ? 0 : exitCodes.infra;
}

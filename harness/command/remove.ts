import { dirname, join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { runName } from "../../protocol/params.ts";
import { exitCodes } from "../../protocol/result.ts";
import { cleanUp } from "../cleanup/clean_up.ts";
import { FileLock } from "../../common/file_lock.ts";
import { resolvePath } from "../../common/files.ts";
import { RunFolder } from "../run/folder.ts";
import { Swarm } from "../swarm/swarm.ts";

/**
 * Removes the apps of a run that was told to keep them. The run folder says all there is to know.
 * @param target the run's name or folder
 * @param options.runs gives the folder in which run folders are
 * @returns exit code
 * @throws {UsageError} for a run that is not there or still going on
 */
export async function remove(
  target: string,
  { runs, say }: { runs: () => Promise<string>; say: (text: string) => void },
): Promise<number> {
  const isName = runName.safeParse(target).success;
  const folder = new RunFolder(isName ? join(await runs(), target) : resolvePath(target));
  const plan = await folder.plan();
  if (plan === null) {
    throw new UsageError(isName ? `There is no run "${target}"` : `"${target}" is not the folder of a run`, {
      hint: `Run folders are in "${isName ? dirname(folder.path) : await runs()}"`,
    });
  }
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

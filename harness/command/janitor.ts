import { exitCodes } from "../../protocol/result.ts";
import { tidy } from "../cleanup/janitor.ts";
import type { Settings } from "../run/settings.ts";
import { Swarm } from "../swarm/swarm.ts";

/**
 * One pass of the janitor, for a person or a timer.
 * @returns exit code: 0, or that of trouble with the surroundings when something could not be removed
 */
export async function runJanitor(
  settings: Settings,
  options: { dryRun: boolean; say: (text: string) => void },
): Promise<number> {
  const { dryRun, say } = options;
  const swarm = new Swarm(settings.DOCKER_SOCKET);
  const report = await tidy({ swarm, settings, dryRun, announce: (text) => say(`${text}\n`) });
  const stuck = Object.entries(report.stuck);
  for (const [owner, things] of stuck) say(`Could not remove of ${owner}: ${things.join(", ")}\n`);
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const done = `${count(report.cleaned.length, "run")} and ${count(report.removed.length, "stack")}`;
  const images = report.images.length;
  const removal = dryRun ? "Would remove up to" : "Removed";
  if (images > 0) say(`${removal} ${count(images, "image")} for want of room\n`);
  const left = stuck.flatMap(([, things]) => things).length;
  say(
    dryRun
      ? `Would clean up after ${done}; nothing was changed\n`
      : `Cleaned up after ${done}; ${count(left, "thing")} could not be removed\n`,
  );
  return left === 0 ? 0 : exitCodes.infra;
}

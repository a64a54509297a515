import { describeError } from "../../common/errors.ts";
import type { StageReport } from "../../protocol/result.ts";
import { forgetSnapshots } from "../swarm/backup_bot.ts";
import { describeObject, disappeared, foreignObjects } from "./inventory.ts";
import { mayMakeContainers, recipesFault } from "./leftovers.ts";
import { killMarked } from "../run/process_tree.ts";
import type { Deployable, RunFolder, RunPlan } from "../run/folder.ts";
import { readWarm } from "../run/warm.ts";
import { emptyReport } from "../run/stage.ts";
import type { DockerObject, Swarm } from "../swarm/swarm.ts";
import { tearDownApp } from "./teardown.ts";

/**
 * Milliseconds. Together with the time for killing the worker, this has to fit into the 60 s within which a dead run
 * must be gone.
 */
const LIMIT_MS = 30_000;
/** Milliseconds for which others may work in the backup repository, other runs for example, or who prunes it. */
const REPOSITORY_IN_USE_MS = 120_000;

export interface CleanUpOptions {
  plan: RunPlan;
  folder: RunFolder;
  swarm: Swarm;
  log: (line: string) => void;
  /** What others had in Docker when the run began; null: this is not known. */
  foreign: readonly DockerObject[] | null;
  /** Whether there may be snapshots of the run's apps. */
  backedUp: boolean;
}

/**
 * The teardown stage. It removes all of the run's apps, and looks into Docker to see that nothing of them is left.
 * @returns the stage's report without its time, and the names of what is left
 */
export async function cleanUp(
  options: CleanUpOptions,
): Promise<{ report: StageReport; leftovers: string[] }> {
  const { plan, folder, swarm, log, foreign } = options;
  const report = emptyReport("teardown", "passed");
  try {
    const volumes = await folder.notedVolumes();
    // If Docker cannot tell, the teardown goes on: the answer only decides whose fault a leftover is.
    const makes = await mayMakeContainers(swarm, plan).catch(() => false);
    const settings = { swarm, settings: plan.settings, volumes, limitMs: LIMIT_MS, log };
    const lists = await Promise.all([
      ...(await toRemove(plan)).map((app) => tearDownApp(app, settings)),
      forget(options),
    ]);
    const leftovers = [...new Set(lists.flat())];
    if (leftovers.length > 0) {
      const faults = await recipesFault(swarm, { plan, makes }).catch(() => []);
      return {
        report: {
          ...report,
          result: faults.length > 0 ? "failed" : "infra",
          cause: `Could not remove ${leftovers.join(", ")}`,
          detail: (faults.length > 0 ? faults : leftovers).join("\n"),
        },
        leftovers,
      };
    }
    report.proofs.push("nothing left");
    await folder.removeScratch();
    // A full disk may refuse even this. The janitor then cleans up after this run again, and finds nothing to remove.
    await folder.setState("clean").catch((error) => {
      report.notes.push(`Could not write down that nothing is left: ${describeError(error)}`);
    });
    const gone = foreign === null
      ? []
      : disappeared(foreign, await foreignObjects(swarm, plan.settings.BASE_DOMAIN)).map(describeObject);
    for (const object of gone) report.notes.push(`During the run somebody else's ${object} disappeared`);
    return { report, leftovers: [] };
  } catch (error) {
    const cause = `Could not clean up: ${describeError(error)}`;
    return { report: { ...report, result: "infra", cause }, leftovers: [`unknown: ${describeError(error)}`] };
  }
}

/** What a run has deployed, without providers that are well and stay up for later runs. */
export async function toRemove(
  plan: Pick<RunPlan, "apps" | "providers" | "settings">,
): Promise<Deployable[]> {
  const providers = await Promise.all(
    plan.providers.map(async (one) => await readWarm(plan.settings.RUNS, one) === null ? [one] : []),
  );
  return [...plan.apps, ...providers.flat()];
}

/** Removes the backups of a run that may have made some. @returns the names of what is left of them */
async function forget({ plan, swarm, log, backedUp }: CleanUpOptions): Promise<string[]> {
  if (!backedUp) return [];
  const lists = plan.apps.map(async (app) => {
    try {
      // The bot goes on with a backup after the abra that asked for it is dead. SERVICE marks that process of the bot.
      await killMarked(`SERVICE=${app.domain}`);
      await forgetSnapshots(swarm, { app, limitMs: LIMIT_MS, lockedMs: REPOSITORY_IN_USE_MS });
      return [];
    } catch (error) {
      log(`Could not forget the snapshots of ${app.domain}: ${describeError(error)}`);
      return [`snapshots of ${app.domain}`];
    }
  });
  return (await Promise.all(lists)).flat();
}

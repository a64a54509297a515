import { describeError } from "../../common/errors.ts";
import type { StageReport } from "../../protocol/result.ts";
import { forgetSnapshots } from "../swarm/backup_bot.ts";
import { describeObject, disappeared, foreignObjects } from "./inventory.ts";
import { mayMakeContainers, recipesFault } from "./leftovers.ts";
import { killMarked } from "../run/process_tree.ts";
import type { RunFolder, RunPlan } from "../run/folder.ts";
import { emptyReport } from "../run/stage.ts";
import type { DockerObject, Swarm } from "../swarm/swarm.ts";
import { tearDownApp } from "./teardown.ts";

/** Together with killing the worker and abra's undeploy this has to fit into the 60 s a dead run may take to be gone. */
const LIMIT_MS = 30_000;

export interface CleanUpOptions {
  plan: RunPlan;
  folder: RunFolder;
  swarm: Swarm;
  log: (line: string) => void;
  /** What others had in Docker when the run began; null: unknown. */
  foreign: readonly DockerObject[] | null;
  /** Whether there may be snapshots of its apps. */
  backedUp: boolean;
}

/**
 * The teardown stage: all of the run's apps are removed, and that nothing is left is looked up, not assumed.
 * @returns the stage's report without its time, and what is left
 */
export async function cleanUp(
  options: CleanUpOptions,
): Promise<{ report: StageReport; leftovers: string[] }> {
  const { plan, folder, swarm, log, foreign } = options;
  const report = emptyReport("teardown", "passed");
  try {
    const volumes = await folder.notedVolumes();
    // What Docker cannot tell just now decides nothing but whose fault a leftover is.
    const makes = await mayMakeContainers(swarm, plan).catch(() => false);
    const settings = { swarm, settings: plan.settings, volumes, limitMs: LIMIT_MS, log };
    const lists = await Promise.all([
      ...plan.apps.map((app) => tearDownApp(app, settings)),
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
    // A full disk may refuse even this. Somebody will then look once more, and find nothing.
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

/** Removes the backups of a run that may have made some. @returns what is left of them */
async function forget({ plan, swarm, log, backedUp }: CleanUpOptions): Promise<string[]> {
  if (!backedUp) return [];
  const lists = plan.apps.map(async (app) => {
    try {
      // A backup outlives the abra that asked for it: the bot's own container does it, by this name of the app.
      await killMarked(`SERVICE=${app.domain}`);
      await forgetSnapshots(swarm, { app, limitMs: LIMIT_MS });
      return [];
    } catch (error) {
      log(`Could not forget the snapshots of ${app.domain}: ${describeError(error)}`);
      return [`snapshots of ${app.domain}`];
    }
  });
  return (await Promise.all(lists)).flat();
}

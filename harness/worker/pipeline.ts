import type { StageName, StageReport } from "../../protocol/result.ts";
import { type Lane, lanes } from "../run/names.ts";
import type { RunContext } from "../checks/context.ts";
import { bounded } from "../checks/bounded.ts";
import { runStage } from "./run_stage.ts";
import type { StageContext } from "../run/stage.ts";
import { obstacleOf, type StagePlan, stagePlans } from "../run/stage_plan.ts";
import { backupStage } from "../stages/backup.ts";
import { fetchStage } from "../stages/fetch.ts";
import { imagesStage } from "../stages/images.ts";
import { installStage } from "../stages/install.ts";
import { lintStage } from "../stages/lint.ts";
import { restoreStage } from "../stages/restore.ts";
import { testsStage } from "../stages/tests.ts";
import { upgradeStage } from "../stages/upgrade.ts";

type Work = (run: RunContext, ctx: StageContext) => Promise<void>;

/** The work of every stage except teardown, which is the keeper's. */
const realWork: Record<Exclude<StageName, "teardown">, Work> = {
  fetch: fetchStage,
  lint: lintStage,
  images: imagesStage,
  install: installStage,
  backup: backupStage,
  restore: restoreStage,
  tests: testsStage,
  upgrade: upgradeStage,
};

export interface PipelineOptions {
  /** How many lanes may have an app at the same time. It is asked after lint, when the recipe is known. */
  lanes: () => 1 | 2;
  /**
   * Called when a lane is through and its app is not needed any more. `last` tells that no other lane is left. `gone`
   * has to be called as soon as nothing of the app runs; the promise may take longer.
   */
  endLane: (lane: Lane, ending: { last: boolean; gone: () => void }) => Promise<void>;
  /**
   * Called before the upgrade from one more version, whose app has to be a new one.
   * @param run as this upgrade sees it
   */
  nextBase: (run: RunContext) => Promise<void>;
  /** What the stages do, in tests. @default their real work */
  work?: Partial<Record<StageName, Work>>;
}

/**
 * Runs the common stages, then the lanes. Where two apps may live at a time, the lanes run side by side. Otherwise they
 * run one after the other: the second lane's app is prepared while the first one's is removed, and deployed when that
 * is gone. A failure in one lane does not affect the other.
 */
export async function runPipeline(run: RunContext, options: PipelineOptions): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  const work: Partial<Record<StageName, Work>> = options.work ?? realWork;
  const plans = stagePlans.filter((plan) => run.plan.stages.includes(plan.name));
  const walk = async (lane: Lane | null) => {
    for (const plan of plans.filter((one) => one.lane === lane)) {
      const stage = work[plan.name];
      if (stage !== undefined) {
        const work: Work = async (of, ctx) => {
          if (of !== run) await options.nextBase(of);
          await bounded(plan.lane, stage)(of, ctx);
        };
        reports.push(await runStage(run, { plan, work, obstacle: obstacle(plan) }));
      }
    }
  };
  const obstacle = (plan: StagePlan) => obstacleOf(plan, { reports, undeployable: run.undeployable });

  await walk(null);
  const used = lanes.filter((lane) => plans.some((plan) => plan.lane === lane));
  let unfinished = used.length;
  const end = (lane: Lane, gone: () => void) => {
    unfinished -= 1;
    return options.endLane(lane, { last: unfinished === 0, gone });
  };
  if (options.lanes() === 2) {
    await Promise.all(used.map(async (lane) => {
      await walk(lane);
      await end(lane, () => {});
    }));
    return reports;
  }
  const ends: Promise<void>[] = [];
  for (const lane of used) {
    await walk(lane);
    run.room = new Promise((resolve) => {
      const ending = end(lane, resolve).finally(resolve);
      ending.catch(() => {}); // Promise.all below throws it
      ends.push(ending);
    });
  }
  await Promise.all(ends);
  return reports;
}

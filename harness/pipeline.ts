import type { StageName, StageReport } from "../protocol/result.ts";
import type { Lane } from "./names.ts";
import type { RunContext } from "./run_context.ts";
import { measured } from "./resources.ts";
import { runStage } from "./run_stage.ts";
import type { StageContext } from "./stage.ts";
import { obstacleOf, type StagePlan, stagePlans } from "./stage_plan.ts";
import { backupStage } from "./stages/backup.ts";
import { fetchStage } from "./stages/fetch.ts";
import { installStage } from "./stages/install.ts";
import { lintStage } from "./stages/lint.ts";
import { restoreStage } from "./stages/restore.ts";
import { testsStage } from "./stages/tests.ts";
import { upgradeStage } from "./stages/upgrade.ts";

type Work = (run: RunContext, ctx: StageContext) => Promise<void>;

const realWork: Partial<Record<StageName, Work>> = {
  fetch: fetchStage,
  lint: lintStage,
  install: installStage,
  backup: backupStage,
  restore: restoreStage,
  tests: testsStage,
  upgrade: upgradeStage,
};

export interface PipelineOptions {
  /** How many lanes may have a live app; asked once the recipe is known. */
  lanes: () => 1 | 2;
  /** Called when a lane is through: its app is not needed any more. `last`: so are all others. */
  endLane: (lane: Lane, so: { last: boolean }) => Promise<void>;
  /** What the stages do. @default what they are there for */
  work?: Partial<Record<StageName, Work>>;
}

/**
 * Runs the common stages, then the lanes: side by side where two apps may live, else one after the other with the
 * first one's app gone before. A failure in one lane leaves the other alone.
 */
export async function runPipeline(run: RunContext, options: PipelineOptions): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  const work = options.work ?? realWork;
  const plans = stagePlans.filter((plan) => run.plan.stages.includes(plan.name));
  const walk = async (lane: Lane | null) => {
    for (const plan of plans.filter((one) => one.lane === lane)) {
      const stage = work[plan.name];
      if (stage !== undefined) {
        reports.push(
          await runStage(run, { plan, work: measured(plan.lane, stage), obstacle: obstacle(plan) }),
        );
      }
    }
  };
  const obstacle = (plan: StagePlan) => obstacleOf(plan, { reports, undeployable: run.undeployable });

  await walk(null);
  const used = (["a", "b"] as const).filter((lane) => plans.some((plan) => plan.lane === lane));
  let unfinished = used.length;
  const wholeLane = async (lane: Lane) => {
    await walk(lane);
    unfinished -= 1;
    await options.endLane(lane, { last: unfinished === 0 });
  };
  if (options.lanes() === 2) await Promise.all(used.map(wholeLane));
  else for (const lane of used) await wholeLane(lane);
  return reports;
}

import { type StageName, stageNames } from "../../protocol/result.ts";
import type { Lane } from "./names.ts";
import type { Settings } from "./settings.ts";

/** A stage and what has to have worked before it. */
export interface StagePlan {
  name: StageName;
  /** Lane that the stage belongs to; null: it comes before the lanes, or (teardown) after them. */
  lane: Lane | null;
  /** Stages that must have passed. */
  needs: readonly StageName[];
  /** Whether the stage deploys an app, or fetches what an app runs. */
  deploys: boolean;
  /** Whether it is gone through once for each version from which the run upgrades, and has its time for each. */
  perBase?: true;
  /** Seconds that the stage may take where neither recipe.yml nor the settings say otherwise. */
  seconds: number;
  /** The setting with these seconds, for a stage that has one of its own. */
  setting?: "PULL_DEADLINE_S";
}

const plans: Record<StageName, Omit<StagePlan, "name">> = {
  fetch: { lane: null, needs: [], deploys: false, seconds: 300 },
  lint: { lane: null, needs: ["fetch"], deploys: false, seconds: 120 },
  images: { lane: null, needs: ["fetch"], deploys: true, seconds: 900, setting: "PULL_DEADLINE_S" },
  install: { lane: "install", needs: ["images"], deploys: true, seconds: 600 },
  backup: { lane: "install", needs: ["install"], deploys: false, seconds: 300 },
  restore: { lane: "install", needs: ["backup"], deploys: false, seconds: 600 },
  tests: { lane: "install", needs: ["install"], deploys: false, seconds: 300 },
  upgrade: { lane: "upgrade", needs: ["images"], deploys: true, seconds: 900, perBase: true },
  teardown: { lane: null, needs: [], deploys: false, seconds: 60 },
};

/** Every stage there is, in order. All except teardown, which is the keeper's, are the worker's. */
export const stagePlans: readonly StagePlan[] = stageNames.map((name) => ({ name, ...plans[name] }));

/**
 * Whether anything of the recipe may run in a stage. In those before the lanes only the host works, with the forge and
 * registries, so that the time that they take is no sign against a recipe.
 */
export function mayRunRecipe(name: StageName): boolean {
  return plans[name].lane !== null;
}

/** What may give a stage another time than the plan does. */
export interface Times {
  enrolment: { timeouts: Partial<Record<StageName | "run", number>> };
  settings: Pick<Settings, "STAGE_DEADLINE_S" | "PULL_DEADLINE_S" | "RUN_DEADLINE_S">;
}

/** Seconds that a stage may take; one that upgrades may take them for each version from which it does. */
export function secondsOf({ name, seconds, setting }: StagePlan, { enrolment, settings }: Times): number {
  const own = setting === undefined ? undefined : settings[setting];
  return enrolment.timeouts[name] ?? own ?? settings.STAGE_DEADLINE_S ?? seconds;
}

/** Seconds that a run needs of its own, as `recipe.yml` has it; null: the usual ones. */
export function runSecondsFor(
  enrolment: Times["enrolment"],
  { settings, upgrades }: { settings: Times["settings"]; upgrades: number },
): number | null {
  const { run } = enrolment.timeouts;
  if (run !== undefined) return run;
  if (upgrades < 2) return null;
  const each = stagePlans.filter(({ perBase }) => perBase).map((plan) =>
    secondsOf(plan, { enrolment, settings })
  );
  return settings.RUN_DEADLINE_S + (upgrades - 1) * each.reduce((sum, seconds) => sum + seconds, 0);
}

/**
 * The stages that a run goes through: those asked for, and those that they depend on. Every stage that deploys brings
 * lint with it, and the teardown always takes place.
 * @param only stages asked for; null means all
 */
export function selectStages(only: readonly StageName[] | null): StageName[] {
  const all = stagePlans.map((one) => one.name);
  if (only === null) return all;
  const wanted = new Set<StageName>([...only, "fetch", "teardown"]);
  for (const plan of stagePlans.toReversed()) {
    if (!wanted.has(plan.name)) continue;
    for (const name of plan.needs) wanted.add(name);
    if (plan.deploys) wanted.add("lint");
  }
  return all.filter((name) => wanted.has(name));
}

/** Why a stage does not take place. */
export interface Obstacle {
  result: "blocked" | "skipped";
  reason: string;
}

/**
 * What stands in a stage's way, or null. A stage after one that failed is blocked, so that one cause shows as one
 * failure; a stage after one that does not apply does not apply either.
 */
export function obstacleOf(
  plan: StagePlan,
  standing: {
    /** Stages that have ended. */
    reports: readonly { name: StageName; result: string; reason?: string | undefined }[];
    /** What keeps the recipe from being deployed at all, if anything. */
    undeployable: string | null;
  },
): Obstacle | null {
  for (const name of plan.needs) {
    const report = standing.reports.find((one) => one.name === name);
    if (report?.result === "passed") continue;
    return { result: report?.result === "skipped" ? "skipped" : "blocked", reason: report?.reason ?? name };
  }
  if (!plan.deploys || standing.undeployable === null) return null;
  return { result: "blocked", reason: standing.undeployable };
}

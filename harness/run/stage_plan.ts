import { type StageName, stageNames } from "../../protocol/result.ts";
import type { Lane } from "./names.ts";

/** A stage and what has to have worked before it. */
export interface StagePlan {
  name: StageName;
  /** Null: before the lanes, or (teardown) after them. */
  lane: Lane | null;
  /** Stages that must have passed. */
  needs: readonly StageName[];
  /** Whether it puts anything into Docker. */
  deploys: boolean;
  /** Seconds it may take where neither recipe.yml nor the settings say otherwise. */
  seconds: number;
}

const plans: Record<StageName, Omit<StagePlan, "name">> = {
  fetch: { lane: null, needs: [], deploys: false, seconds: 300 },
  lint: { lane: null, needs: ["fetch"], deploys: false, seconds: 120 },
  install: { lane: "install", needs: ["fetch"], deploys: true, seconds: 600 },
  backup: { lane: "install", needs: ["install"], deploys: false, seconds: 300 },
  restore: { lane: "install", needs: ["backup"], deploys: false, seconds: 600 },
  tests: { lane: "install", needs: ["install"], deploys: false, seconds: 300 },
  upgrade: { lane: "upgrade", needs: ["fetch"], deploys: true, seconds: 900 },
  teardown: { lane: null, needs: [], deploys: false, seconds: 60 },
};

/** Every stage there is, in order. All except teardown, which is the keeper's, are the worker's. */
export const stagePlans: readonly StagePlan[] = stageNames.map((name) => ({ name, ...plans[name] }));

/**
 * Stages a run goes through: those asked for and what they cannot do without. Nothing is deployed that was not linted,
 * and there is always a teardown.
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
 * What stands in a stage's way, or null: one cause shall read as one failure. What builds upon a stage that does not
 * apply does not apply either.
 */
export function obstacleOf(
  plan: StagePlan,
  so: {
    /** Stages that have ended. */
    reports: readonly { name: StageName; result: string; reason?: string | undefined }[];
    /** What keeps the recipe from being deployed at all, if anything. */
    undeployable: string | null;
  },
): Obstacle | null {
  for (const name of plan.needs) {
    const report = so.reports.find((one) => one.name === name);
    if (report?.result === "passed") continue;
    return { result: report?.result === "skipped" ? "skipped" : "blocked", reason: report?.reason ?? name };
  }
  if (!plan.deploys || so.undeployable === null) return null;
  return { result: "blocked", reason: so.undeployable };
}

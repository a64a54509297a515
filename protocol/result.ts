import * as z from "zod";
import { recipeName, runName, subject } from "./params.ts";

/** Stages in the order in which they are shown. */
export const stageNames = [
  "fetch",
  "lint",
  "images",
  "install",
  "backup",
  "restore",
  "tests",
  "upgrade",
  "teardown",
] as const;
export const stageName = z.enum(stageNames);
export type StageName = z.infer<typeof stageName>;

export const stageOutcome = z.enum(["passed", "failed", "skipped", "blocked", "infra"]);
export type StageOutcome = z.infer<typeof stageOutcome>;
/** Where a stage without a report stands: in a run that is over it broke off, or its turn never came. */
export type Unreported = "running" | "waiting" | "broken" | "unreached";

/** Something that lint found in a recipe. */
export const lintFinding = z.object({
  /** Stable id, e.g. `confine.bind` or `lint.config-version`. */
  rule: z.string(),
  /** A note is listed and keeps nobody from being clean. */
  severity: z.enum(["error", "warning", "note"]),
  /** Relative to the checkout. */
  file: z.string(),
  line: z.number().int().positive().optional(),
  /** One sentence without a final period. */
  message: z.string(),
  hint: z.string().optional(),
});
export type LintFinding = z.infer<typeof lintFinding>;

/** What one service used while a stage ran. */
export const resourceUse = z.object({
  service: z.string(),
  peakMemoryBytes: z.number().nonnegative(),
  cpuSeconds: z.number().nonnegative(),
  /** Written layers and volumes at the end of the stage; null where Docker could not say. */
  diskBytes: z.number().nonnegative().nullable(),
});
export type ResourceUse = z.infer<typeof resourceUse>;

/** An image that a run may deploy, and how it came onto the machine. */
export const pulledImage = z.object({
  /** As the recipe names it. */
  image: z.string(),
  /** Of the manifest that the registry gave; null for an image that only the machine has. */
  digest: z.string().nullable(),
  /** Bytes that were fetched for it; layers that were there already are not among them. */
  bytes: z.number().nonnegative(),
  seconds: z.number().nonnegative(),
  /** `stale`: the registry could not be asked, so the machine's own copy of it was taken. */
  from: z.enum(["registry", "machine", "stale"]),
});
export type PulledImage = z.infer<typeof pulledImage>;

/** How the reason of a stage begins that was skipped because somebody stopped the run. */
export const cancelledReason = "cancelled";

/** How a blocked stage is told: by what stood in its way, or, where the reason says so itself, by that sentence. */
export function blockedBy(reason: string): string {
  return /^[^,:]+ cannot /.test(reason) ? `blocked: ${reason}` : `blocked by ${reason}`;
}

/** How the upgrade from one of several published versions ended. */
export const baseReport = z.object({
  version: z.string(),
  result: stageOutcome,
  /** Wall time in seconds. */
  seconds: z.number().nonnegative(),
  /** For `failed` and `infra`: what is wrong. */
  cause: z.string().optional(),
  /** For `blocked`: what stood in the way. */
  reason: z.string().optional(),
});
export type BaseReport = z.infer<typeof baseReport>;

/** How one stage ended. */
export const stageReport = z.object({
  name: stageName,
  result: stageOutcome,
  /** Wall time in seconds. */
  seconds: z.number().nonnegative(),
  /** For `failed` and `infra`: what is wrong, one sentence without a final period. */
  cause: z.string().optional(),
  /** For `failed` and `infra`: whose mistake it is, where it is that of the recipe's folder in `recipes/` of cc-ci. */
  fault: z.enum(["enrolment"]).optional(),
  /** More about the cause, plain text, several lines at most. */
  detail: z.string().optional(),
  /** For `skipped`: why; for `blocked`: the stage or finding that stood in the way. */
  reason: z.string().optional(),
  /** What was proved, in a few words each: "answers at /healthz", "page opened". */
  proofs: z.array(z.string()).default([]),
  /** Things worth knowing that are nobody's fault. */
  notes: z.array(z.string()).default([]),
  /** File names below `screenshots/`. */
  screenshots: z.array(z.string()).default([]),
  /** Last log lines of the service that caused a failure, oldest first. */
  tail: z.array(z.string()).default([]),
  findings: z.array(lintFinding).default([]),
  resources: z.array(resourceUse).default([]),
  /** What keeps a run from being called clean without failing it: console errors, failed requests, lint warnings. */
  blemishes: z.array(z.string()).default([]),
  /** For `upgrade` from more than one published version: each of them, in the order in which they were tried. */
  bases: z.array(baseReport).optional(),
});
export type StageReport = z.infer<typeof stageReport>;

export const runOutcome = z.enum(["passed", "failed", "infra", "cancelled", "timed_out"]);
export type RunOutcome = z.infer<typeof runOutcome>;

/** Exit code of the harness for each outcome; 2 is wrong usage, and 78 (which Drone reads as success) never occurs. */
export const exitCodes: Record<RunOutcome, number> = {
  passed: 0,
  failed: 1,
  infra: 3,
  cancelled: 4,
  timed_out: 5,
};

/**
 * The ladder of levels; index = level. Each rung is reached when its stage passed; the lowest is that of every run,
 * also of one that lint keeps from being installed, and the highest takes a run in which nothing was found.
 */
export const levels = [
  { name: "not installed", stage: null },
  { name: "installs", stage: "install" },
  { name: "upgrades", stage: "upgrade" },
  { name: "backup restores", stage: "restore" },
  { name: "own tests pass", stage: "tests" },
  { name: "clean", stage: null },
] as const satisfies readonly { name: string; stage: StageName | null }[];
export const highestLevel = levels.length - 1;
export const levelNumber = z.number().int().min(0).max(highestLevel);

/** `result.json` of a run, and what the dashboard keeps of it. */
export const runResult = z.object({
  schema: z.literal(1),
  run: runName,
  recipe: recipeName,
  subject,
  /** The commit under test; `null` when the run ended before it was known. */
  commit: z.string().nullable(),
  /** True when uncommitted changes were tested as they stand; shown as `+U`. */
  dirty: z.boolean(),
  /** Published version the upgrade started from. */
  base: z.string().nullable(),
  /** Why it is this version, or none; `null` when the run ended before that was known. */
  baseReason: z.string().nullable().optional(),
  result: runOutcome,
  /** Stage that decided a bad result, if one did. */
  stage: stageName.nullable(),
  /** Why the result is not `passed`, one sentence. */
  cause: z.string().nullable(),
  /** The rung of {@linkcode levels} reached; cumulative. */
  level: levelNumber,
  stages: z.array(stageReport),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  /** Seconds of `seconds` that the recipe's own health and update settings impose on any deploy. */
  imposedSeconds: z.number().nonnegative(),
  versions: z.object({ suite: z.string(), abra: z.string(), docker: z.string(), browser: z.string() }),
  /** True when the stand-in was used where no real abra is installed. */
  abraStandIn: z.boolean(),
  notes: z.array(z.string()),
  /** Images of the commit under test. */
  images: z.array(z.object({ service: z.string(), image: z.string(), bytes: z.number().nonnegative() }))
    .default([]),
  /**
   * What the run found or pulled before it deployed, of the commit under test and of the published version. It is missing
   * in stored results of older harnesses.
   */
  pulls: z.array(pulledImage).optional(),
  /** When CI trouble is worth another try, as a registry said that limits this host. */
  retryAt: z.iso.datetime().optional(),
  /** The page before and after the upgrade: file names below `screenshots/`, and the share of pixels that differ. */
  visual: z.object({
    before: z.string(),
    after: z.string(),
    difference: z.string(),
    changed: z.number().min(0).max(1),
  }).nullable().default(null),
  /** What the enrolment made otherwise than usual, `key: what it says`, without secrets; missing in older results. */
  customised: z.array(z.string()).optional(),
  /** What no run can show of the app, by `recipe.yml`; it counts for nothing. */
  gaps: z.array(z.object({ what: z.string(), reason: z.string() })).optional(),
  /** What teardown could not remove; empty after every sound run. */
  leftovers: z.array(z.string()),
});
export type RunResult = z.infer<typeof runResult>;

/** Whether a run ended badly by a mistake in cc-ci's own folder for the recipe, so that it says nothing about the recipe. */
export function isEnrolmentFault(
  { result, stage, stages }: Pick<RunResult, "result" | "stage" | "stages">,
): boolean {
  return (result === "failed" || result === "infra") &&
    stages.some(({ name, fault }) => name === stage && fault === "enrolment");
}

import { describeError } from "../../common/errors.ts";
import { formatSeconds, systemClock } from "../../common/time.ts";
import { runEvent } from "../../protocol/events.ts";
import { forgetSnapshots } from "../swarm/backup_bot.ts";
import { cleanUp } from "./clean_up.ts";
import { noteJanitor } from "./host_report.ts";
import { tidyImages } from "./images_on_disk.ts";
import { describeObject, ownerOf } from "./inventory.ts";
import { FileLock } from "../../common/file_lock.ts";
import { parseMessage } from "../run/messages.ts";
import { exists } from "../../common/files.ts";
import { killFamily } from "../run/process_tree.ts";
import { RunRecord } from "../run/record.ts";
import { deployable, type RunFolder, runFolders, type RunPlan } from "../run/folder.ts";
import type { Settings } from "../run/settings.ts";
import type { OwnedObject, Swarm } from "../swarm/swarm.ts";
import { removeStack } from "./teardown.ts";

/** Milliseconds for which the janitor waits for a backup bot that is away, for each stack that no run folder names. */
const FORGET_MS = 10_000;

/** What a pass of the janitor found. */
export interface JanitorReport {
  /** Runs whose keeper was dead and whose remains the janitor removed (in a dry run: would remove). */
  cleaned: string[];
  /** Stacks that no run folder names and that the janitor removed (in a dry run: would remove). */
  removed: string[];
  /** Images that it removed for want of room on Docker's disk (in a dry run: would remove). */
  images: string[];
  /** Things that could not be removed, by run or stack; images by that word. */
  stuck: Record<string, string[]>;
}

export interface JanitorOptions {
  swarm: Swarm;
  settings: Settings;
  announce: (text: string) => void;
  /** Folder of the run that calls the janitor; it is left alone. */
  except?: string;
  /** Only say what would be done. @default false */
  dryRun?: boolean;
  /** Milliseconds since the epoch. @default the machine's clock */
  now?: () => number;
}

/**
 * Cleans up after runs whose keeper died. Their folders have a plan, are not marked clean or kept, and their lock is
 * free; the janitor holds it while it works there. Then it removes stacks that have our form of name below our base
 * domain and that no folder names, if they have not changed for `CCCI_JANITOR_MAX_AGE` seconds (before that they may
 * belong to a run in another folder of runs). Last it makes room on a full disk: see {@linkcode tidyImages}. It never
 * touches a run whose keeper lives, or anything that is not ours.
 */
export async function tidy(options: JanitorOptions): Promise<JanitorReport> {
  const report: JanitorReport = { cleaned: [], removed: [], images: [], stuck: {} };
  // Ages are those of before the folders are read: a run that makes its folder later may take over a provider that
  // stays up only while it is not as old as that, and so never one that is removed here.
  const now = (options.now ?? systemClock.now)();
  // Stacks are looked up before the folders: a run makes its folder first, so that every stack seen here has one.
  const all = await options.swarm.allObjects();
  const known = new Set<string>();
  for (const folder of await runFolders(options.settings.RUNS)) {
    const plan = await folder.plan();
    if (plan === null || await isDone(folder)) continue;
    for (const app of deployable(plan)) known.add(app.stack);
    if (folder.path === options.except || await folder.state() === "kept") continue;
    await tidyFolder({ folder, plan, report, all }, options).catch((error) => {
      report.stuck[`run ${plan.request.run}`] = [describeError(error)];
    });
  }
  const { BASE_DOMAIN: base, JANITOR_MAX_AGE: limit } = options.settings;
  for (const [stack, objects] of oldStacks(all, { base, limit, now })) {
    if (!known.has(stack)) await tidyStack({ stack, objects, report }, options);
  }
  await makeRoom(report, { ...options, now });
  if (!options.dryRun) {
    const images = report.images.length;
    const stuck = Object.values(report.stuck).flat().length;
    await noteJanitor(options.settings.RUNS, {
      at: new Date(now).toISOString(),
      stuck,
      ...(images === 0 ? {} : { images }),
    })
      .catch((error) => options.announce(`Could not note what the janitor did: ${describeError(error)}`));
  }
  return report;
}

/** Whether a run has cleaned up. One whose keeper died after it had marked the folder clean may still lack its result. */
async function isDone(folder: RunFolder): Promise<boolean> {
  return await folder.state() === "clean" && await exists(folder.result);
}

async function makeRoom(
  report: JanitorReport,
  options: Omit<JanitorOptions, "now"> & { now: number },
): Promise<void> {
  const { swarm, settings, announce, now, dryRun = false } = options;
  const clock = { ...systemClock, now: () => now };
  try {
    const { RUNS: runs, IMAGES_ABOVE: above } = settings;
    const { removed, stuck } = await tidyImages({ swarm, runs, above, announce, clock, dryRun });
    report.images.push(...removed);
    if (stuck.length > 0) report.stuck.images = stuck;
  } catch (error) {
    report.stuck.images = [describeError(error)];
  }
}

/** Stacks with our form of name in which nothing has changed for `limit` seconds. */
function oldStacks(
  all: readonly OwnedObject[],
  options: { base: string; limit: number; now: number },
): Map<string, OwnedObject[]> {
  const stacks = Map.groupBy(all, (object) => ownerOf(object, options.base));
  return new Map([...stacks].flatMap(([stack, objects]) => {
    if (stack === null) return [];
    const changed = Math.max(...objects.map((object) => object.changedAt ?? options.now));
    return options.now - changed >= options.limit * 1000 ? [[stack, objects] as const] : [];
  }));
}

async function tidyFolder(
  dead: { folder: RunFolder; plan: RunPlan; report: JanitorReport; all: readonly OwnedObject[] },
  options: JanitorOptions,
): Promise<void> {
  const { folder, plan, report } = dead;
  using lock = await FileLock.take(folder.lock);
  if (lock === null) return;
  // Its keeper may have come to its end since the folder was looked at.
  if (await isDone(folder) || await folder.state() === "kept") return;
  const { run } = plan.request;
  if (options.dryRun) {
    const stacks = deployable(plan).map((app) => app.stack);
    const there = dead.all.filter((one) => stacks.includes(ownerOf(one, plan.settings.BASE_DOMAIN) ?? ""));
    options.announce(`Run ${run} ended without cleaning up after itself; it left ${listed(there)}`);
    report.cleaned.push(run);
    return;
  }
  options.announce(`Cleaning up after run ${run}, which ended without doing so itself`);
  await killFamily(run, null);
  const { swarm } = options;
  const { report: teardown, leftovers } = await cleanUp({
    plan,
    folder,
    swarm,
    log: () => {},
    foreign: null,
    backedUp: plan.stages.includes("backup"), // no message says whether a backup was begun
  });
  if (leftovers.length > 0) report.stuck[`run ${run}`] = leftovers;
  else report.cleaned.push(run);
  if (await exists(folder.result)) return;
  const record = new RunRecord(plan);
  const cause = "The run's keeper died; what it left was removed later";
  const text = await Deno.readTextFile(folder.events).catch(() => "");
  for (const line of text.split("\n")) {
    const event = parseMessage(runEvent, line);
    if (event !== null) record.take(event);
  }
  const end = { kind: "infra", cause, stage: null } as const;
  for (const one of record.unfinished(end)) record.reports.push(one);
  const earlier = record.reports.findIndex((one) => one.name === "teardown");
  if (earlier >= 0) record.reports.splice(earlier, 1);
  record.reports.push(teardown);
  record.leftovers = leftovers;
  const result = record.result(end);
  await folder.append({ t: new Date().toISOString(), type: "run.finished", result });
  await folder.writeResult(result);
}

async function tidyStack(
  orphan: { stack: string; objects: readonly OwnedObject[]; report: JanitorReport },
  options: JanitorOptions,
): Promise<void> {
  const { stack, objects, report } = orphan;
  const { swarm, settings, announce } = options;
  const age = formatSeconds(settings.JANITOR_MAX_AGE * 1000);
  const what = `Stack ${stack} belongs to no run and has not changed for ${age} or longer`;
  if (options.dryRun) {
    announce(`${what}; it has ${listed(objects)}`);
    report.removed.push(stack);
    return;
  }
  announce(`${what}; removing ${listed(objects)}`);
  const left = await removeStack(stack, { swarm, settings, volumes: [], log: () => {} });
  const app = { stack, domain: stack.replaceAll("_", ".") };
  await forgetSnapshots(swarm, { app, limitMs: FORGET_MS })
    .catch((error) => left.push(`snapshots of ${app.domain}: ${describeError(error)}`));
  if (left.length > 0) report.stuck[`stack ${stack}`] = left;
  else report.removed.push(stack);
}

function listed(objects: readonly OwnedObject[]): string {
  return objects.map(describeObject).join(", ") || "nothing in Docker";
}

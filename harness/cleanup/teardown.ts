import { describeError } from "../../common/errors.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { Abra } from "../abra/abra.ts";
import { forgetLimits } from "../floor/limits.ts";
import { change } from "../run/faults.ts";
import { describeObject } from "./inventory.ts";
import { isOurs } from "../run/names.ts";
import { exists, removeTree } from "../../common/files.ts";
import type { Deployable } from "../run/folder.ts";
import type { Settings } from "../run/settings.ts";
import { DockerError, type DockerObject, kinds, type Swarm } from "../swarm/swarm.ts";

const POLL_MS = 200;
/** Milliseconds. A network takes up to 4 s to go after its containers are gone; a volume in use may take longer. */
const DEFAULT_LIMIT_MS = 30_000;
/** Milliseconds after which the log says what is waited for. */
const SILENT_MS = 5_000;

export interface TearDownOptions {
  swarm: Swarm;
  settings: Settings;
  /** Anonymous volumes that the run has noted; those that the app's containers have now are added. */
  volumes: readonly string[];
  log: (line: string) => void;
  /** Milliseconds after which what is still there counts as left over. @default 30000 */
  limitMs?: number;
  clock?: Clock;
  /**
   * Called, possibly several times, while other things are still being removed but no service or container is left. Not
   * called when everything goes at once.
   */
  stopped?: () => void;
}

/**
 * Removes everything that an app has put into Docker. abra undeploys it; then its containers are removed by force,
 * because they would use up their stop grace otherwise; then whatever else carries the stack's label or name. It needs
 * no more than the plan, so that any later process can do it, and it can be repeated.
 * @returns the names of what could not be removed; empty after a sound teardown
 */
export async function tearDownApp(app: Deployable, options: TearDownOptions): Promise<string[]> {
  const left = await removeStack(app.stack, { ...options, undeploy: () => undeploy(app, options) });
  if (left.length > 0) return left;
  await forgetLimits(app.stack);
  await removeTree(app.abraDir);
  return left;
}

/**
 * As {@linkcode tearDownApp}, for a stack of which no more than the name is known. It waits for an engine that is away,
 * because that may be restarting.
 */
export async function removeStack(
  stack: string,
  options: TearDownOptions & {
    /** Called first, once Docker answers. */
    undeploy?: () => Promise<void>;
  },
): Promise<string[]> {
  const { swarm, settings, log } = options;
  if (!isOurs(stack, settings.BASE_DOMAIN)) {
    return [`stack "${stack}" is not one of ours below ${settings.BASE_DOMAIN}`];
  }
  const anonymous = new Set(options.volumes);
  const { clock = systemClock } = options;
  const start = clock.elapsed();
  const end = start + (options.limitMs ?? DEFAULT_LIMIT_MS);
  let told = "";
  let undeployed = false;
  let problems: string[] = [];
  let left: string[] = [];
  while (true) {
    try {
      if (!undeployed) {
        for (const name of await anonymousOf(swarm, stack)) anonymous.add(name);
        await options.undeploy?.();
        undeployed = true;
      }
      const objects = [...await swarm.objects(stack), ...await anonymousAmong(swarm, anonymous)];
      left = objects.map(describeObject);
      if (left.length === 0 && await hasComingTasks(swarm, stack)) left = [`tasks of stack "${stack}"`];
      if (left.length === 0) return [];
      if (!objects.some(({ kind }) => kind === "service" || kind === "container")) options.stopped?.();
      if (clock.elapsed() <= end) problems = await removeAll(swarm, objects);
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      problems = [describeError(error)];
      left = [`whatever stack "${stack}" has: Docker does not answer`];
    }
    if (clock.elapsed() > end) {
      for (const problem of problems) log(problem);
      return left;
    }
    const waitedFor = listed(left, problems);
    if (clock.elapsed() - start > SILENT_MS && waitedFor !== told) {
      log(`Waiting until it is gone: ${told = waitedFor}`);
    }
    await clock.sleep(POLL_MS);
  }
}

/** What is still there, and why if Docker says so. */
function listed(left: readonly string[], problems: readonly string[]): string {
  const names = left.slice(0, 5).join(", ");
  const more = left.length > 5 ? ` and ${left.length - 5} more` : "";
  return `${names}${more}${problems[0] === undefined ? "" : ` (${problems[0]})`}`;
}

async function anonymousOf(swarm: Swarm, stack: string): Promise<string[]> {
  return (await swarm.containers(stack)).flatMap((container) => container.Mounts)
    .filter((mount) => mount.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name))
    .map((mount) => mount.Name);
}

async function undeploy(app: Deployable, { swarm, settings, log }: TearDownOptions): Promise<void> {
  const abra = new Abra({ settings, dir: app.abraDir, log });
  const known = await exists(abra.envFile(app.domain));
  if (!known || (await swarm.services(app.stack)).length === 0) return;
  try {
    await abra.undeploy(app.domain);
  } catch (error) { // what abra leaves is removed by force afterwards
    log(`abra could not undeploy ${app.domain}: ${describeError(error)}`);
  }
}

/**
 * Removes the objects once, kind by kind, so that what uses others goes before them.
 * @returns the problems, one sentence each
 */
async function removeAll(swarm: Swarm, objects: readonly DockerObject[]): Promise<string[]> {
  const problems: string[] = [];
  for (const kind of kinds) {
    const some = objects.filter((object) => object.kind === kind);
    if (some.length === 0) continue;
    await change(`removing a ${kind}`, () =>
      Promise.all(
        some.map((object) => swarm.remove(object).catch((error) => problems.push(describeError(error)))),
      ));
  }
  return problems;
}

async function anonymousAmong(swarm: Swarm, names: ReadonlySet<string>): Promise<DockerObject[]> {
  if (names.size === 0) return [];
  return (await swarm.allObjects()).filter((object) => object.kind === "volume" && names.has(object.name));
}

/**
 * Whether a task has no container yet: it would make one after we had looked. Tasks in later states do not count,
 * because Swarm lists them as running for seconds after their container was removed by force.
 */
async function hasComingTasks(swarm: Swarm, stack: string): Promise<boolean> {
  const before = ["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready"];
  return (await swarm.tasks(stack)).some((task) => before.includes(task.Status.State));
}

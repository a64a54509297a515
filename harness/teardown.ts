import { describeError } from "../common/errors.ts";
import { Abra } from "./abra.ts";
import { describeObject } from "./inventory.ts";
import { isOurs } from "./names.ts";
import { exists, removeTree } from "./paths.ts";
import type { PlannedApp } from "./run_folder.ts";
import type { Settings } from "./settings.ts";
import { type DockerObject, kinds, type Swarm } from "./swarm.ts";

const POLL_MS = 200;
/** A network takes up to 4 s to go once its containers are gone; a volume in use may take longer. */
const DEFAULT_LIMIT_MS = 30_000;

export interface TearDownOptions {
  swarm: Swarm;
  settings: Settings;
  /** Anonymous volumes noted while the run went on; those seen now are added. */
  volumes: readonly string[];
  log: (line: string) => void;
  /** Milliseconds until what is still there counts as left over. @default 30000 */
  limitMs?: number;
}

/**
 * Removes everything an app has put into Docker: abra undeploys, then its containers go by force (their stop grace
 * would be waited for otherwise), then what else carries the stack's label or name. Needs nothing but the plan, so
 * that any later process can do it, and may be repeated.
 * @returns what could not be removed; empty after a sound teardown
 */
export async function tearDownApp(app: PlannedApp, options: TearDownOptions): Promise<string[]> {
  const { swarm, settings, log } = options;
  if (!isOurs(app.stack, settings.BASE_DOMAIN)) {
    return [`stack "${app.stack}" is not one of ours below ${settings.BASE_DOMAIN}`];
  }
  const anonymous = new Set(options.volumes);
  for (const container of await swarm.containers(app.stack)) {
    for (const mount of container.Mounts) {
      if (mount.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name)) anonymous.add(mount.Name);
    }
  }
  await undeploy(app, options);

  const end = Date.now() + (options.limitMs ?? DEFAULT_LIMIT_MS);
  let problems: string[] = [];
  let left: DockerObject[] = [];
  while (true) {
    left = [...await swarm.objects(app.stack), ...await anonymousAmong(swarm, anonymous)];
    if (left.length === 0 && !await hasComingTasks(swarm, app.stack)) break;
    if (Date.now() > end) {
      for (const problem of problems) log(problem);
      return left.length > 0 ? left.map(describeObject) : [`tasks of stack "${app.stack}"`];
    }
    problems = await removeAll(swarm, left);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await removeTree(app.abraDir);
  return [];
}

async function undeploy(app: PlannedApp, { swarm, settings, log }: TearDownOptions): Promise<void> {
  const abra = new Abra({ settings, dir: app.abraDir, log });
  const known = await exists(abra.envFile(app.domain));
  if (!known || (await swarm.services(app.stack)).length === 0) return;
  try {
    await abra.undeploy(app.domain);
  } catch (error) { // what abra cannot do is done below, by force
    log(`abra could not undeploy ${app.domain}: ${describeError(error)}`);
  }
}

/** One round, kind by kind in the order in which they let go of each other. */
async function removeAll(swarm: Swarm, objects: readonly DockerObject[]): Promise<string[]> {
  const problems: string[] = [];
  for (const kind of kinds) {
    await Promise.all(
      objects.filter((object) => object.kind === kind).map((object) =>
        swarm.remove(object).catch((error) => problems.push(describeError(error)))
      ),
    );
  }
  return problems;
}

async function anonymousAmong(swarm: Swarm, names: ReadonlySet<string>): Promise<DockerObject[]> {
  if (names.size === 0) return [];
  return (await swarm.allObjects()).filter((object) => object.kind === "volume" && names.has(object.name));
}

/**
 * A task that has no container yet would make one after we had looked. Those further on list as running for seconds
 * after their container was removed by force, and mean nothing.
 */
async function hasComingTasks(swarm: Swarm, stack: string): Promise<boolean> {
  const before = ["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready"];
  return (await swarm.tasks(stack)).some((task) => before.includes(task.Status.State));
}

import { foreignObjects } from "../cleanup/inventory.ts";
import { floorTrouble, requireFloor } from "../floor/engine.ts";
import { systemClock } from "../../common/time.ts";
import { keepImages } from "../images/engine_lock.ts";
import { tidy } from "../cleanup/janitor.ts";
import type { HostFacts } from "../../protocol/dashboard_api.ts";
import type { PlannedApp, RunFolder, RunPlan } from "../run/folder.ts";
import { InfraFailure } from "../run/stage.ts";
import { type DockerObject, Swarm } from "../swarm/swarm.ts";

export { cleanUp } from "../cleanup/clean_up.ts";

/** The Swarm in which the run's apps will live. */
export function swarmOf(plan: RunPlan): Swarm {
  return new Swarm(plan.settings.DOCKER_SOCKET);
}

/**
 * Checks that Docker is fit for a run, and removes what dead runs left in it.
 * @returns the objects in Docker that belong to others
 * @throws {InfraFailure} saying what is missing on this machine
 */
export async function lookAround(options: {
  plan: RunPlan;
  folder: RunFolder;
  announce: (text: string) => void;
  /** Is called with the folder in which Docker keeps its data. */
  foundDisk: (folder: string) => void;
  /** Is called with what there is to tell of this host. */
  learned: (facts: HostFacts) => void;
  /** Is called with what keeps images from being removed, to be disposed of when the run is over. */
  hold: (lock: Disposable) => void;
  /** Aborts when the run shall stop. */
  signal: AbortSignal;
}): Promise<DockerObject[]> {
  const { settings } = options.plan;
  const swarm = swarmOf(options.plan);
  options.foundDisk((await requireManager(swarm, settings)).DockerRootDir);
  const required = settings.REQUIRE_FLOOR ?? options.plan.request.mode === "ci";
  const trouble = floorTrouble(swarm);
  trouble.then((found) => options.learned({ floor: found === null }), () => {});
  const { announce, signal } = options;
  await tidy({ swarm, settings, except: options.folder.path, announce });
  options.hold(await keepImages(settings.DOCKER_SOCKET, { announce, signal, clock: systemClock }));
  requireFloor(await trouble, { required, announce }); // is told once what dead runs left is gone
  return await foreignObjects(swarm, settings.BASE_DOMAIN);
}

/** Those of the run's apps that have a service in the Swarm. */
export async function deployedApps(plan: RunPlan): Promise<PlannedApp[]> {
  const swarm = swarmOf(plan);
  const present = await Promise.all(
    plan.apps.map(async (app) => (await swarm.services(app.stack)).length > 0 ? [app] : []),
  );
  return present.flat();
}

/** What Docker says of itself. @throws {InfraFailure} unless it answers and manages a Swarm */
async function requireManager(swarm: Swarm, settings: RunPlan["settings"]) {
  const info = await swarm.info().catch((cause) => {
    throw new InfraFailure(`Docker does not answer at "${settings.DOCKER_SOCKET}"`, { cause });
  });
  if (info.Swarm.LocalNodeState !== "active" || !info.Swarm.ControlAvailable) {
    throw new InfraFailure("Docker runs here, but not as a Swarm manager");
  }
  return info;
}

import * as z from "zod";
import { describeObject } from "./inventory.ts";
import { deployable, type RunPlan } from "../run/folder.ts";
import { type DockerObject, STACK_LABEL, type Swarm } from "../swarm/swarm.ts";
import { container } from "../swarm/schema.ts";

/** A container with the networks it is attached to. */
const holder = container.extend({
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ NetworkID: z.string().default("") })).nullish(),
  }).nullish(),
});
type Holder = z.infer<typeof holder>;

/** How paths of Docker's socket on the host end, in whatever folder the engine listens. */
const SOCKET = /\/docker\.sock$/;

/**
 * Whether containers of the run can reach Docker's socket, and so may have made other containers themselves. Nothing
 * else tells such containers from somebody else's. This has to be asked before the teardown.
 */
export async function mayMakeContainers(swarm: Swarm, plan: RunPlan): Promise<boolean> {
  const lists = await Promise.all(deployable(plan).map(({ stack }) => swarm.containers(stack)));
  return lists.flat().some(({ Mounts: mounts }) => mounts.some((mount) => SOCKET.test(mount.Source)));
}

/**
 * Says what of the recipe keeps leftovers from being removed, one sentence each: containers of the run's own stacks, or
 * containers that those have made. Nothing else that is left over is the recipe's fault.
 * @param options.makes answer of {@linkcode mayMakeContainers}
 */
export async function recipesFault(
  swarm: Swarm,
  options: { plan: RunPlan; makes: boolean },
): Promise<string[]> {
  const { plan, makes } = options;
  const left = (await Promise.all(deployable(plan).map(({ stack }) => swarm.objects(stack)))).flat();
  const containers = await swarm.ask(
    "list containers",
    () => swarm.docker.listContainers({ all: true }),
    z.array(holder),
  );
  const stacks = deployable(plan).map(({ stack }) => stack);
  const began = Date.parse(plan.startedAt) / 1000;
  const isRecipes = (one: Holder) =>
    stacks.includes(one.Labels[STACK_LABEL] ?? "") ||
    (makes && one.Labels[STACK_LABEL] === undefined && (one.Created ?? 0) >= Math.floor(began));
  return left.flatMap((object) => {
    const culprit = containers.find((one) => isRecipes(one) && holds(one, object));
    const name = (culprit?.Names[0] ?? culprit?.Id)?.replace(/^\//, "");
    return name === undefined
      ? []
      : [`${describeObject(object)} is in use by the recipe's container "${name}"`];
  });
}

function holds({ Mounts: mounts, NetworkSettings: settings }: Holder, object: DockerObject): boolean {
  if (object.kind === "volume") return mounts.some((mount) => mount.Name === object.name);
  if (object.kind !== "network") return false;
  return Object.values(settings?.Networks ?? {}).some((one) => one.NetworkID === object.id);
}

import * as z from "zod";
import { itemsOf } from "../../recipe/compose_values.ts";
import { statusOf, type Swarm } from "../../swarm/swarm.ts";
import { type Deployed, least, specOf, type Surplus } from "./compare.ts";
import { type Part, part } from "./service_spec.ts";
import { objectName, type StackState } from "./stack_state.ts";
import { type Difference, differences, treeOf } from "./tree.ts";

/** Settings of a container that nothing in a compose file under Swarm leads to, and their harmless values. */
const closed: Record<string, readonly string[]> = {
  Privileged: [],
  PublishAllPorts: [],
  Binds: [],
  Devices: [],
  DeviceRequests: [],
  DeviceCgroupRules: [],
  VolumesFrom: [],
  Links: [],
  GroupAdd: [],
  SecurityOpt: [],
  PidMode: [],
  UTSMode: [],
  UsernsMode: [],
  CgroupParent: [],
  IpcMode: ["private", "shareable"],
};

const inspected = z.looseObject({
  HostConfig: z.record(z.string(), z.unknown()),
  Mounts: z.array(z.record(z.string(), z.unknown())).nullish(),
  NetworkSettings: z.looseObject({ Networks: z.record(z.string(), z.unknown()).nullish() }),
});

/**
 * Where the stack's containers can do more than their services are allowed to. A service's spec is what Swarm makes
 * containers of; somebody who speaks to the engine itself can give one more.
 */
export async function containersSurplus(
  swarm: Swarm,
  { state, deployed }: { state: StackState; deployed: Deployed },
): Promise<Surplus[]> {
  const found = await Promise.all(state.containers.map(async (container): Promise<Surplus[]> => {
    const service = state.services.find(({ ID }) => ID === serviceIdOf(container));
    if (service === undefined) return [{ kind: "container", name: objectName(container), difference: null }];
    const name = objectName(service).replace(`${deployed.stack}_`, "");
    const powers = await inspect(swarm, String(container.Id));
    if (powers === null) return [];
    // While an update goes on the older version's containers live on.
    const possible = deployed.checked.filter(({ model }) => part(model.services)[name] !== undefined)
      .map((one) => excess(allowed(specOf(name, { one, deployed })), powers));
    return possible.length === 0 ? [] : least(possible, { kind: "container", name });
  }));
  return found.flat();
}

function serviceIdOf(container: Part): unknown {
  return part(container.Labels)["com.docker.swarm.service.id"];
}

/** What a container can do; null where it is gone by now. */
async function inspect(swarm: Swarm, id: string): Promise<Part | null> {
  try {
    const { HostConfig, Mounts, NetworkSettings } = await swarm.ask(
      "inspect a container",
      () => swarm.docker.getContainer(id).inspect(),
      inspected,
    );
    return {
      ...Object.fromEntries(
        Object.entries(closed).filter(([field, harmless]) => !harmless.includes(String(HostConfig[field])))
          .map(([field]) => [field, HostConfig[field]]),
      ),
      CapabilityAdd: capabilities(HostConfig.CapAdd),
      CapabilityDrop: capabilities(HostConfig.CapDrop),
      ReadOnly: HostConfig.ReadonlyRootfs,
      Sysctls: HostConfig.Sysctls,
      Mounts: (Mounts ?? []).map(({ Type, Name, Source, Destination, RW }) => ({
        Target: Destination,
        From: Type === "volume" ? Name : Type === "tmpfs" ? "" : Source,
        Type,
        ReadOnly: RW === false,
      })),
      Networks: Object.keys(NetworkSettings.Networks ?? {}).map((Target) => ({ Target })),
    };
  } catch (error) {
    if (error instanceof Error && statusOf(error.cause) === 404) return null;
    throw error;
  }
}

function allowed(spec: Part): Part {
  const container = part(part(spec.TaskTemplate).ContainerSpec);
  const ports = itemsOf(part(spec.EndpointSpec).Ports).length > 0;
  return {
    CapabilityAdd: container.CapabilityAdd,
    CapabilityDrop: container.CapabilityDrop,
    ReadOnly: container.ReadOnly,
    Sysctls: container.Sysctls,
    Mounts: itemsOf(container.Mounts).map(([, mount]) => {
      const { Target, Type, Source, ReadOnly } = part(mount);
      return { Target, From: Source, Type, ReadOnly };
    }),
    Networks: [
      ...itemsOf(part(spec.TaskTemplate).Networks).map(([, network]) => ({ Target: part(network).Target })),
      ...(ports ? [{ Target: "ingress" }] : []),
    ],
  };
}

/** Differences, except that a container may lack something, and may have unnamed volumes, which its image asks for. */
function excess(spec: Part, powers: Part): Difference[] {
  const places = itemsOf(spec.Mounts).map(([, mount]) => part(mount).Target);
  const ofImage = (mount: Part) =>
    mount.Type === "volume" && unnamed.test(String(mount.From)) && !places.includes(mount.Target);
  const Mounts = itemsOf(powers.Mounts).map(([, mount]) => part(mount)).filter((mount) => !ofImage(mount));
  return differences(treeOf(spec), { actual: treeOf({ ...powers, Mounts }) }).filter((difference) => {
    const { path, expected, actual } = difference;
    if (actual === undefined) {
      return /^(CapabilityDrop|ReadOnly|Mounts .* ReadOnly)( |$)/.test(path.join(" "));
    }
    const [field, , side] = path;
    return field !== "Mounts" || side !== "From" || expected !== undefined || !unnamed.test(String(actual));
  });
}

const unnamed = /^[0-9a-f]{64}$/;

function capabilities(list: unknown): string[] {
  return itemsOf(list).map(([, name]) => String(name).toUpperCase())
    .map((name) => name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`);
}

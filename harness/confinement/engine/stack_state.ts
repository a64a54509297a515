import * as z from "zod";
import { STACK_LABEL, type Swarm } from "../../swarm/swarm.ts";
import { type Part, part } from "./service_spec.ts";
import type { Section } from "./objects.ts";

/** All that the engine holds of one stack, as it says it itself. */
export interface StackState {
  services: Part[];
  objects: Record<Section, Part[]>;
  /** As they are listed. */
  containers: Part[];
  /** What networks, secrets and configs are called, by id, others' included. */
  names: ReadonlyMap<string, string>;
}

const objects = z.array(z.record(z.string(), z.unknown()));
const volumes = z.object({ Volumes: objects.nullish() });

/**
 * Reads what the engine holds of a stack: what carries its label, and what is called as the stack's things are. Six
 * calls side by side, whatever the stack's size.
 */
export async function readStack(swarm: Swarm, stack: string): Promise<StackState> {
  const { docker } = swarm;
  const [services, networks, held, secrets, configs, containers] = await Promise.all([
    swarm.ask("list services", () => docker.listServices(), objects),
    swarm.ask("list networks", () => docker.listNetworks(), objects),
    swarm.ask("list volumes", () => docker.listVolumes(), volumes),
    swarm.ask("list secrets", () => docker.listSecrets(), objects),
    swarm.ask("list configs", () => docker.listConfigs(), objects),
    swarm.ask("list containers", () => docker.listContainers({ all: true }), objects),
  ]);
  const own = (all: Part[]) => all.filter((one) => isOf(one, stack));
  return {
    services: own(services),
    objects: {
      networks: own(networks),
      volumes: own(held.Volumes ?? []),
      secrets: own(secrets),
      configs: own(configs),
    },
    containers: own(containers),
    names: new Map(
      [...networks, ...secrets, ...configs].map((one) => [String(one.Id ?? one.ID), objectName(one)]),
    ),
  };
}

function isOf(object: Part, stack: string): boolean {
  const labels = { ...part(object.Labels), ...part(part(object.Spec).Labels) };
  return labels[STACK_LABEL] === stack || objectName(object).startsWith(`${stack}_`);
}

/** What an object of any kind is called. */
export function objectName(object: Part): string {
  const names = object.Names;
  const name = object.Name ?? part(object.Spec).Name ?? (Array.isArray(names) ? names[0] : undefined);
  return String(name ?? object.Id ?? object.ID ?? "").replace(/^\//, "");
}

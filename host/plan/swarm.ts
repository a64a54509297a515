import { HostError } from "../errors.ts";
import { overlap } from "../subnets.ts";
import type { HostSettings } from "../settings.ts";
import type { SeenSwarm } from "./seen.ts";
import { NOTHING, type Plan, type Step } from "./step.ts";

/** The bridge by which containers and the host reach each other. */
export const BRIDGE = "docker_gwbridge";
/** The network on which the proxy reaches apps. */
export const PROXY = "proxy";

/** What Docker lacks for apps: the bridge with known addresses, a Swarm of this node, the network of the proxy. */
export function planSwarm({ gateway, swarm }: HostSettings, seen: SeenSwarm): Plan {
  const trouble = swarmTrouble(swarm.advertise, seen) ?? networkTrouble(seen);
  if (trouble !== null) return { ...NOTHING, blocked: trouble };
  const bridge = planBridge(gateway, seen);
  if (bridge instanceof HostError) return { ...NOTHING, blocked: bridge };
  const steps: Step[] = [...bridge];
  if (seen.state === "inactive") {
    steps.push({
      action: { kind: "init-swarm", address: swarm.advertise },
      does: `Make a Swarm of this node at ${swarm.advertise}`,
    });
  }
  if (seen.proxy === null) {
    steps.push({ action: { kind: "make-proxy-network" }, does: `Make the overlay network "${PROXY}"` });
  }
  return { steps, blocked: null };
}

function swarmTrouble(advertise: string, seen: SeenSwarm): HostError | null {
  const { state, manager, nodes, address } = seen;
  if (state === "inactive") {
    return seen.liveRestore
      ? new HostError("wrong", 'Docker has "live-restore" on, and makes no Swarm beside it', {
        hint: 'Take "live-restore" out of /etc/docker/daemon.json and restart Docker.',
      })
      : null;
  }
  if (state !== "active") {
    return new HostError("not yet", `The node of this host's Swarm is "${state}"`, {
      hint: 'It may come by itself; otherwise look at "docker info" and at the log of Docker.',
    });
  }
  if (!manager) {
    return new HostError("wrong", "This host is a worker of somebody else's Swarm", {
      hint: 'Leave it with "docker swarm leave", or take a host of its own for cc-ci.',
    });
  }
  if (nodes > 1) {
    return new HostError(
      "wrong",
      `This host's Swarm has ${nodes} nodes that take tasks, and apps of cc-ci have to be on this one`,
      {
        hint: 'Take the others out of it ("docker node ls", "docker node rm"), drain them ' +
          '("docker node update --availability drain"), or take a host of its own for cc-ci.',
      },
    );
  }
  if (address === advertise) return null;
  return new HostError(
    "wrong",
    `This host's Swarm has the address ${address ?? "of nobody"}, not ${advertise}`,
    {
      hint:
        `Set "swarm.advertise" to ${
          address ?? "its address"
        }, or leave it with "docker swarm leave --force": ` +
        "then its apps are gone, and a new one is made.",
    },
  );
}

function networkTrouble({ proxy }: SeenSwarm): HostError | null {
  if (proxy === null || proxy.driver === "overlay") return null;
  return new HostError(
    "wrong",
    `The network "${PROXY}" is no overlay network: its driver is "${proxy.driver}"`,
    {
      hint: `Remove it with "docker network rm ${PROXY}" once nothing uses it; it is then made anew.`,
    },
  );
}

/** Made before the Swarm, the bridge gets addresses that units can name; Swarm would take any. */
function planBridge(wanted: HostSettings["gateway"], { bridge, taken }: SeenSwarm): Step[] | HostError {
  const publish = wanted.publish ?? null;
  const make: Step = {
    action: { kind: "make-bridge", subnet: wanted.subnet, gateway: wanted.address, publish },
    does: `Make the network "${BRIDGE}" with ${wanted.subnet}, where this host is ${wanted.address}`,
  };
  if (bridge !== null && sameBridge(bridge, { ...wanted, publish })) return [];
  const other = taken.find((one) => one.name !== BRIDGE && overlap(one.subnet, wanted.subnet));
  if (other !== undefined) {
    return new HostError(
      "wrong",
      `The network "${BRIDGE}" cannot have ${wanted.subnet}: "${other.name}" has ${other.subnet}`,
      { hint: 'Set "gateway.subnet" and "gateway.address" to addresses that nothing else has.' },
    );
  }
  if (bridge === null) return [make];
  const has = `The network "${BRIDGE}" has ${bridge.subnet}, this host is ${bridge.gateway} there, and ` +
    `ports are published on ${bridge.publish ?? "every address"}`;
  if (!bridge.used) {
    return [{
      action: { kind: "remove-bridge" },
      does: `Remove the network "${BRIDGE}", which is another one`,
    }, make];
  }
  return new HostError("wrong", `${has}: that is not what the settings say, and containers use it`, {
    hint: `Set "gateway" to that, or leave the Swarm with "docker swarm leave --force" and start again.`,
  });
}

function sameBridge(
  bridge: { subnet: string; gateway: string; publish: string | null },
  wanted: { subnet: string; address: string; publish: string | null },
): boolean {
  return bridge.subnet === wanted.subnet && bridge.gateway === wanted.address &&
    bridge.publish === wanted.publish;
}

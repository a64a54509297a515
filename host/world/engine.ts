import * as z from "zod";
import { statusOf, type Swarm } from "../../harness/swarm/swarm.ts";
import { waitFor } from "../../common/time.ts";
import { BRIDGE, PROXY } from "../plan/swarm.ts";
import type { SeenBridge, SeenSwarm } from "../plan/seen.ts";
import { haveDocker } from "./engine_calls.ts";

const publishOption = "com.docker.network.bridge.host_binding_ipv4";
const ADDRESSES_OF_ALL = ["", "0.0.0.0"];

const info = z.object({
  LiveRestoreEnabled: z.boolean().default(false),
  Swarm: z.object({
    LocalNodeState: z.string().default("inactive"),
    ControlAvailable: z.boolean().default(false),
    NodeID: z.string().default(""),
    NodeAddr: z.string().default(""),
    Nodes: z.number().default(0),
  }).prefault({}),
});
const node = z.object({ ID: z.string(), Spec: z.object({ Availability: z.string() }) });
const network = z.object({
  Name: z.string(),
  Driver: z.string().default(""),
  Attachable: z.boolean().default(false),
  IPAM: z.object({
    Config: z.array(z.object({ Subnet: z.string().default(""), Gateway: z.string().default("") })).nullish()
      .transform((all) => all ?? []),
  }).nullish(),
  Options: z.record(z.string(), z.string()).nullish().transform((all) => all ?? {}),
  Containers: z.record(z.string(), z.unknown()).nullish().transform((all) => all ?? {}),
});
type Network = z.infer<typeof network>;

/** What Docker has below every app. */
export async function lookAtSwarm(swarm: Swarm): Promise<SeenSwarm> {
  const { docker } = swarm;
  const about = await swarm.ask("ask Docker about itself", () => docker.info(), info);
  const all = await swarm.ask("list networks", () => docker.listNetworks(), z.array(network));
  const proxy = all.find((one) => one.Name === PROXY);
  const { LocalNodeState: state, ControlAvailable: manager, NodeAddr, NodeID, Nodes } = about.Swarm;
  return {
    state,
    manager,
    nodes: manager && Nodes > 1 ? await nodesForTasks(swarm, NodeID) : Nodes,
    liveRestore: about.LiveRestoreEnabled,
    address: NodeAddr === "" ? null : NodeAddr,
    bridge: await lookAtBridge(swarm, { state, all }),
    proxy: proxy === undefined ? null : { driver: proxy.Driver, attachable: proxy.Attachable },
    taken: all.filter((one) => one.Driver === "bridge").flatMap((one) =>
      configOf(one).map(({ Subnet }) => ({ name: one.Name, subnet: Subnet }))
    ),
  };
}

/** This node and those that take new tasks, now or once they are back. */
async function nodesForTasks(swarm: Swarm, own: string): Promise<number> {
  const all = await swarm.ask("list the Swarm's nodes", () => swarm.docker.listNodes(), z.array(node));
  return all.filter(({ ID, Spec }) => ID === own || Spec.Availability === "active").length;
}

async function lookAtBridge(
  swarm: Swarm,
  { state, all }: { state: string; all: readonly Network[] },
): Promise<SeenBridge | null> {
  if (!all.some((one) => one.Name === BRIDGE)) return null;
  const bridge = await swarm.ask(
    `look at the network "${BRIDGE}"`,
    () => swarm.docker.getNetwork(BRIDGE).inspect(),
    network,
  );
  const [config] = configOf(bridge);
  const publish = bridge.Options[publishOption] ?? "";
  return {
    subnet: config?.Subnet ?? "",
    gateway: config?.Gateway.split("/")[0] ?? "",
    publish: ADDRESSES_OF_ALL.includes(publish) ? null : publish,
    // An active Swarm has a gate of its own on it.
    used: state !== "inactive" || Object.keys(bridge.Containers).length > 0,
  };
}

function configOf({ IPAM }: Network) {
  return (IPAM?.Config ?? []).filter(({ Subnet }) => !Subnet.includes(":"));
}

export async function removeBridge({ docker }: Swarm): Promise<void> {
  await haveDocker(`remove the network "${BRIDGE}"`, async () => {
    try {
      await docker.getNetwork(BRIDGE).remove();
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  });
}

export async function makeBridge(
  { docker }: Swarm,
  { subnet, gateway, publish }: { subnet: string; gateway: string; publish: string | null },
): Promise<void> {
  await haveDocker(`make the network "${BRIDGE}" with ${subnet}`, () =>
    docker.createNetwork({
      Name: BRIDGE,
      Driver: "bridge",
      IPAM: { Driver: "default", Config: [{ Subnet: subnet, Gateway: gateway }] },
      Options: {
        "com.docker.network.bridge.name": BRIDGE,
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "true",
        ...(publish === null ? {} : { [publishOption]: publish }),
      },
    }));
}

/** A Swarm of this node alone; resolves once the node works in it. */
export async function initSwarm(swarm: Swarm, address: string): Promise<void> {
  const listen = `${address}:2377`;
  await haveDocker(
    `make a Swarm of this node at ${listen}`,
    () => swarm.docker.swarmInit({ ListenAddr: listen, AdvertiseAddr: address }),
  );
  await waitFor(async () => (await lookAtSwarm(swarm)).state === "active", {
    what: "the node of the new Swarm to become active",
    timeoutMs: 120_000,
    everyMs: 100,
  });
}

export async function makeProxyNetwork({ docker }: Swarm): Promise<void> {
  await haveDocker(
    `make the network "${PROXY}"`,
    () => docker.createNetwork({ Name: PROXY, Driver: "overlay", Attachable: true }),
  );
}

import { UsageError } from "../../common/errors.ts";
import { waitFor } from "../../common/time.ts";
import { type Docker, orNothing } from "./client.ts";
import { StackError } from "../host/errors.ts";
import { OURS, type Paths } from "../host/paths.ts";
import type { Step } from "../host/progress.ts";

const GATEWAY_BRIDGE = "docker_gwbridge";
export const PROXY = "proxy";

export interface SwarmOptions {
  paths: Paths;
  step: Step;
  engineIsOurs: boolean;
  /** Use a Swarm also where it publishes ports beyond loopback. */
  expose: boolean;
}

export interface Swarm {
  /** Address of the host on docker_gwbridge: Traefik, and every other container, reaches the host by it. */
  gateway: string;
  ours: boolean;
}

/**
 * A single-node Swarm on loopback with the overlay network `proxy`. A Swarm that is there already is used as it is.
 */
export async function ensureSwarm(docker: Docker, options: SwarmOptions): Promise<Swarm> {
  const label = { [OURS]: options.paths.cache };
  let state = await nodeState(docker);
  if (state !== "inactive" && state !== "active") {
    // The node cannot get going. One that an earlier engine of ours left is thrown away; anybody else's is not touched.
    state = await settled(docker);
    if (state !== "active") {
      if (!options.engineIsOurs) {
        throw new StackError(`Could not use this machine's Swarm: its node is "${state}"`, {
          hint: 'Repair it, or leave it with "docker swarm leave --force"',
        });
      }
      options.step.update("leaving a Swarm that does not come up");
      await docker.swarmLeave({ force: true });
    }
  }
  const fresh = state !== "active";
  await ensureLoopbackBridge(docker, label);
  await refuseExposure(docker, options);
  if (fresh) {
    options.step.update("initialising");
    await docker.swarmInit({
      ListenAddr: "127.0.0.1:2377",
      AdvertiseAddr: "127.0.0.1",
      Spec: { Labels: label },
    });
    await waitFor(async () => await nodeState(docker) === "active", {
      what: "the Swarm node to become active",
      timeoutMs: 120_000,
      everyMs: 100,
    });
  }
  await ensureProxyNetwork(docker, label);
  return { gateway: await gatewayAddress(docker), ours: await isOurs(docker, options.paths) };
}

async function nodeState(docker: Docker): Promise<string> {
  const info = await docker.info();
  const swarm: { LocalNodeState?: string; ControlAvailable?: boolean } = info.Swarm ?? {};
  return swarm.LocalNodeState ?? "inactive";
}

/** Waits some seconds for a node that is still starting. */
async function settled(docker: Docker): Promise<string> {
  await waitFor(async () => await nodeState(docker) !== "pending", { what: "the node", timeoutMs: 60_000 })
    .catch(() => {});
  return await nodeState(docker);
}

/**
 * Swarm would make docker_gwbridge itself, and then host-mode ports are published on every address. Made by hand
 * before `swarm init` they stay on loopback.
 */
async function ensureLoopbackBridge(docker: Docker, label: Record<string, string>): Promise<void> {
  if (await orNothing(docker.getNetwork(GATEWAY_BRIDGE).inspect()) !== undefined) return;
  await docker.createNetwork({
    Name: GATEWAY_BRIDGE,
    Driver: "bridge",
    Labels: label,
    Options: {
      "com.docker.network.bridge.name": GATEWAY_BRIDGE,
      "com.docker.network.bridge.enable_icc": "false",
      "com.docker.network.bridge.enable_ip_masquerade": "true",
      "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
    },
  });
}

async function refuseExposure(docker: Docker, options: SwarmOptions): Promise<void> {
  const bridge = await orNothing(docker.getNetwork(GATEWAY_BRIDGE).inspect());
  const bound: unknown = bridge?.Options?.["com.docker.network.bridge.host_binding_ipv4"];
  if (typeof bound === "string" && bound.startsWith("127.")) return;
  if (options.expose) return;
  throw new UsageError(
    "Could not use this machine's Swarm: what it publishes is reachable from outside this machine",
    {
      hint:
        "Start again with --expose if that is all right, or leave that Swarm and remove the network docker_gwbridge",
    },
  );
}

async function ensureProxyNetwork(docker: Docker, label: Record<string, string>): Promise<void> {
  const there = await orNothing(docker.getNetwork(PROXY).inspect());
  if (there !== undefined && there.Driver === "overlay" && there.Scope === "swarm") return;
  if (there !== undefined) {
    throw new StackError(
      `Could not make the overlay network "${PROXY}": a "${there.Driver}" network has that name`,
    );
  }
  await docker.createNetwork({ Name: PROXY, Driver: "overlay", Attachable: true, Labels: label });
}

async function gatewayAddress(docker: Docker): Promise<string> {
  const bridge = await docker.getNetwork(GATEWAY_BRIDGE).inspect();
  for (const config of bridge.IPAM?.Config ?? []) {
    const gateway: unknown = config.Gateway;
    if (typeof gateway === "string" && gateway.includes(".")) return gateway.split("/")[0] ?? gateway;
  }
  throw new StackError(`Could not find the host's address on the network "${GATEWAY_BRIDGE}"`);
}

/** Whether we initialised the Swarm: it then carries our label. */
export async function isOurs(docker: Docker, paths: Paths): Promise<boolean> {
  try {
    const inspected: { Spec?: { Labels?: Record<string, string> } } = await docker.swarmInspect();
    return inspected.Spec?.Labels?.[OURS] === paths.cache;
  } catch {
    return false;
  }
}

/** The Swarm this machine is in, if it is in one. */
export async function swarmStatus(
  docker: Docker,
  paths: Paths,
): Promise<{ ours: boolean; since: string | null } | undefined> {
  if (await nodeState(docker) !== "active") return undefined;
  const inspected: { CreatedAt?: string } = await docker.swarmInspect().catch(() => ({}));
  return {
    ours: await isOurs(docker, paths),
    since: inspected.CreatedAt ?? null,
  };
}

import { othersThanPipelines } from "../../protocol/drone_repository.ts";
import { versionOf } from "../certificate.ts";
import type { Credentials } from "../credentials.ts";
import { HostError } from "../errors.ts";
import { droneDomain, type HostSettings } from "../settings.ts";
import type { WantedApp } from "./app.ts";
import type { SeenDrone } from "./seen.ts";
import type { Plan, Step } from "./step.ts";

type DroneSettings = NonNullable<HostSettings["drone"]>;

/**
 * The recipe drone with the forge's log-in, and the bridge as an account that may do everything. Of people Drone lets in
 * who owns the pipelines' repository: the account of that name, or members of the organisation of that name. The bridge's
 * account is made at Drone's start and logs in nowhere, so that the filter does not concern it.
 */
export async function wantedDrone(
  settings: HostSettings,
  { drone, credentials }: { drone: DroneSettings; credentials: Credentials },
): Promise<WantedApp> {
  const [token, rpc, clientId, client] = await Promise.all([
    credentials.need("drone_token"),
    credentials.need("drone_rpc_secret"),
    credentials.need("drone_client_id"),
    credentials.need("drone_client_secret"),
  ]);
  return {
    recipe: "drone",
    domain: droneDomain(settings),
    version: drone.version ?? null,
    settings: {
      COMPOSE_FILE: "compose.yml:compose.gitea.yml",
      DRONE_GITEA_SERVER: settings.forge.url,
      DRONE_GITEA_CLIENT_ID: clientId,
      DRONE_USER_FILTER: ownerOf(drone),
      DRONE_USER_CREATE: `username:bridge,machine:true,admin:true,token:${token}`,
      SECRET_RPC_SECRET_VERSION: versionOf(rpc),
      SECRET_CLIENT_SECRET_VERSION: versionOf(client),
    },
    secrets: [
      { name: "rpc_secret", version: versionOf(rpc), value: rpc },
      { name: "client_secret", version: versionOf(client), value: client },
    ],
  };
}

function ownerOf({ repository }: DroneSettings): string {
  return repository.slice(0, repository.indexOf("/"));
}

/** What is left to do once the app runs: it answers, knows the repository, and has its settings. */
export function planRepository(
  settings: HostSettings,
  { drone, seen }: { drone: DroneSettings; seen: SeenDrone },
): Plan {
  const { repository } = drone;
  const wait: Step = {
    action: { kind: "wait-for-drone" },
    does: `Wait for ${droneDomain(settings)} to answer`,
  };
  if (!seen.healthy) return { steps: [wait], blocked: null };
  const owner = `"${ownerOf(drone)}" (or, if that is an organisation, as who administers its repositories)`;
  const address = `https://${droneDomain(settings)}`;
  if (seen.repository === null) {
    return blocked(
      `Drone does not know "${repository}"`,
      `Log in at ${address} once as ${owner}, then start again.`,
    );
  }
  if (seen.repository.active !== true) {
    return blocked(
      `"${repository}" is not active in Drone`,
      `Log in at ${address} as ${owner} and activate it there, then start again.`,
    );
  }
  const others = othersThanPipelines(seen.repository);
  if (others.length === 0) return { steps: [], blocked: null };
  return {
    steps: [{
      action: { kind: "set-repository", repository, values: Object.fromEntries(others) },
      does: `Set ${others.map(([name, value]) => `"${name}" to ${JSON.stringify(value)}`).join(", ")} ` +
        `for "${repository}" in Drone`,
    }],
    blocked: null,
  };
}

function blocked(message: string, hint: string): Plan {
  return { steps: [], blocked: new HostError("not yet", message, { hint }) };
}

import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { type OwnHosts, readCa, serviceFetch } from "../../common/ingress.ts";
import { systemClock } from "../../common/time.ts";
import { readEnrolments } from "../../enrolment/repositories.ts";
import { moduleCommand, ownHome, startCommand } from "../../programs/start.ts";
import { harnessEnv } from "../../protocol/harness_env.ts";
import { readMaintenance } from "../commands/maintenance.ts";
import { DroneEngine } from "../engine/drone.ts";
import type { Engine } from "../engine/engine.ts";
import { LocalEngine } from "../engine/local.ts";
import { giteaForge } from "../forge/gitea.ts";
import { RetryGate } from "../forge/retry_gate.ts";
import { giteaStatuses } from "../forge/statuses.ts";
import { type Dashboard, dashboardClient } from "../reports/dashboard_client.ts";
import type { BridgeDeps } from "./bridge.ts";
import { type Config, droneConfig, ownDomain } from "./config.ts";
import { newId } from "./state_folder.ts";

/** Everything outside that the bridge works with, as the settings say, and what it reads again and again. */
export async function partsOf(config: Config): Promise<Omit<BridgeDeps, "store">> {
  const own: OwnHosts = {
    base: ownDomain(config),
    ingress: {
      address: config.INGRESS,
      ...(config.CA_FILE === undefined ? {} : { ca: await readCa(config.CA_FILE) }),
    },
  };
  const forge = {
    url: config.FORGE_URL,
    gate: new RetryGate(systemClock),
    fetch: serviceFetch(own, { timeoutMs: 15_000 }),
  };
  return {
    clock: systemClock,
    newId,
    org: config.MEMBERS_ORG,
    forgeUrl: config.FORGE_URL,
    forge: giteaForge({ ...forge, token: config.FORGE_TOKEN }),
    statuses: config.STATUS_TOKEN === undefined
      ? null
      : giteaStatuses({ ...forge, token: config.STATUS_TOKEN }),
    engine: engineOf(config, own),
    dashboard: dashboardOf(config, own),
    scheduleMs: config.SCHEDULE === "off" ? null : config.SCHEDULE_POLL_S * 1000,
    readEnrolments: () => readEnrolments(config.RECIPES),
    readMaintenance: () => readMaintenance(join(config.STATE, "maintenance")),
  };
}

function dashboardOf({ DASHBOARD_URL: url, BRIDGE_TOKEN: token }: Config, own: OwnHosts): Dashboard | null {
  if (url === undefined || token === undefined) return null;
  return dashboardClient({ url, token, fetch: serviceFetch(own, { timeoutMs: 5_000 }) });
}

/** What starts runs. A new value of the setting does not compile until it has its case here. */
function engineOf(config: Config, own: OwnHosts): Engine {
  switch (config.ENGINE) {
    case "drone":
      return droneEngine(config, own);
    case "local":
      return localEngine(config);
  }
}

function droneEngine(config: Config, own: OwnHosts): Engine {
  return new DroneEngine({
    ...droneConfig(config),
    repo: config.DRONE_REPO,
    branch: config.DRONE_BRANCH,
    capacity: config.CAPACITY,
    fetch: serviceFetch(own, { timeoutMs: 10_000 }),
    // Drone takes 45 s to say that there is no pipeline.
    createFetch: serviceFetch(own, { timeoutMs: 90_000 }),
  });
}

function localEngine(config: Config): Engine {
  return new LocalEngine({
    folder: join(config.STATE, "runs"),
    command: [...harnessCommand(config.HARNESS), "ci"],
    env: harnessEnv(Deno.env.get),
    capacity: config.CAPACITY,
  });
}

function harnessCommand(harness: string | undefined): string[] {
  if (harness !== undefined) {
    return /\.[jt]s$/.test(harness) ? moduleCommand(harness, { set: "harness" }) : [harness];
  }
  if (ownHome().form !== "binary") return startCommand("harness");
  throw new UsageError('Could not read the configuration: engine "local" needs CCCI_HARNESS, a program');
}

import type { Credential } from "./credentials.ts";
import { droneDomain, type HostSettings } from "./settings.ts";
import { neededBy, UNITS } from "./units.ts";

/** What the settings of a host say that its units need, by the names of the holes in `units.json`. */
export function unitValues(settings: HostSettings): Record<string, string> {
  const { domain, name, runnerOf, forge, gateway, ca, certificates, secrets, made, home } = settings;
  const { proxy, dashboard, bridge, drone } = settings;
  const { hostname, port, protocol } = new URL(forge.url);
  const pipelines = runnerOf ?? drone;
  return {
    domain,
    dashboard: `https://${runnerOf?.domain ?? domain}`,
    gateway: gateway.address,
    forge: forge.url,
    forgeAddress: `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`,
    org: forge.org,
    certificates,
    secrets,
    made,
    home,
    ingress: proxy.ingress,
    dashboardPort: String(dashboard.port),
    bridgePort: String(bridge.port),
    abra: settings.abra,
    docker: settings.docker,
    runsFolder: settings.runs,
    minFreeGb: String(settings.minFreeGb),
    imagesAbove: String(settings.imagesAbove),
    drone: `https://${droneDomain(settings)}`,
    droneRpc: droneDomain(settings),
    ...(pipelines === undefined ? {} : { droneRepo: pipelines.repository }),
    ...(drone?.commit === undefined ? {} : { droneCommit: drone.commit }),
    // Each host has one turn at a time, this one and those of the other runners.
    ...(drone === undefined || drone.runners.length === 0 ? {} : { runs: String(1 + drone.runners.length) }),
    ...(ca === undefined ? {} : { ca }),
    ...(name === undefined ? {} : { hostName: name }),
  };
}

/** What the settings lack so that the host has a bridge, as the rest of a sentence; null where it has one or needs none. */
export function lacksForBridge({ drone, runnerOf, without }: HostSettings): string | null {
  if (runnerOf !== undefined || without.includes("bridge")) return null;
  if (drone === undefined) return 'the settings have no "drone", which starts its runs';
  return drone.commit === undefined
    ? `the settings do not say as "drone.commit" at which commit of "${drone.repository}" builds run`
    : null;
}

/** Units that the settings ask for. A bridge that lacked settings would end at its start and not be started again. */
export function unitsOf(settings: HostSettings): string[] {
  const { drone, runnerOf, backupBot } = settings;
  const without = [
    ...settings.without.map((part) => `cc-ci-${part}.service`),
    ...runnerOf === undefined ? [] : ["cc-ci-dashboard.service", "cc-ci-bridge.service"],
    ...lacksForBridge(settings) === null ? [] : ["cc-ci-bridge.service"],
    ...drone === undefined ? ["cc-ci-drone.service"] : [],
    ...drone === undefined && runnerOf === undefined ? ["cc-ci-runner.service"] : [],
    ...backupBot === undefined ? ["cc-ci-backup-bot.service"] : [],
  ];
  return Object.keys(UNITS.units).filter((name) => !without.includes(name));
}

/**
 * Secrets that the host needs once its settings are whole. Where only the commit of Drone's pipelines is lacking, which
 * is known last of all, those of the bridge are asked for already.
 */
export function secretsNeeded(settings: HostSettings): Credential[] {
  const { drone, without } = settings;
  const bridge = drone === undefined || without.includes("bridge") ? [] : ["cc-ci-bridge.service"];
  return neededBy([...unitsOf(settings), ...bridge]);
}

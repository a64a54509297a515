import { stackOf } from "../../harness/run/names.ts";
import { readCertificate } from "../certificate.ts";
import type { Credentials } from "../credentials.ts";
import { HostError } from "../errors.ts";
import { planApp, standsAt, type WantedApp, wantedSettings, wantedVersion } from "../plan/app.ts";
import { wantedBackupBot } from "../plan/backup_bot.ts";
import { planRepository, wantedDrone } from "../plan/drone.ts";
import { planLogins, planMade } from "../plan/logins.ts";
import { planProxy, wantedProxy } from "../plan/proxy.ts";
import { planRoutes } from "../plan/routes.ts";
import type { SeenApp, Services } from "../plan/seen.ts";
import { NOTHING, type Plan } from "../plan/step.ts";
import { planSwarm } from "../plan/swarm.ts";
import type { World } from "../plan/world.ts";
import { type HostSettings, proxyDomain } from "../settings.ts";
import { type PartName, partNames } from "./part_names.ts";
import type { Part } from "./reconcile.ts";

/** On which the proxy answers. */
const PORTS = [80, 443];

export interface Surroundings {
  world: World;
  credentials: Credentials;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A part of the host by its name. @throws {HostError} when the settings do not ask for it */
export function partOf(name: PartName, settings: HostSettings, around: Surroundings): Part {
  const plans: Record<PartName, () => Promise<Plan>> = {
    swarm: () => planHost(settings, around),
    proxy: () => planOfProxy(settings, around),
    routes: () => planOfRoutes(settings, around),
    "backup-bot": () => planOfBot(settings, around),
    drone: () => planOfDrone(settings, around),
  };
  return { name, plan: plans[name], act: ({ action }) => around.world.act(action) };
}

/** The parts that the settings ask for. */
export function partsOf({ drone, backupBot }: HostSettings): PartName[] {
  return partNames.filter((name) =>
    name === "drone"
      ? drone !== undefined
      : name === "backup-bot"
      ? backupBot !== undefined
      : name !== "routes"
  );
}

async function planHost(settings: HostSettings, { world, credentials }: Surroundings): Promise<Plan> {
  const { registry, forge } = settings;
  const host = new URL(forge.url).hostname;
  const swarm = planSwarm(settings, await world.swarm());
  const logins = await planLogins(settings, { seen: await world.logins({ registry, host }), credentials });
  const made = planMade(settings, await world.made());
  return { steps: [...made, ...swarm.steps, ...logins.steps], blocked: swarm.blocked };
}

async function planOfProxy(settings: HostSettings, { world, now }: Surroundings): Promise<Plan> {
  const { certificates, domain } = settings;
  const certificate = await readCertificate(certificates, { domain, now: now() });
  const wanted = wantedProxy(settings, certificate);
  const seen = await look(world, wanted);
  if (Object.keys(seen.services).length === 0) {
    const [taken] = await world.takenPorts(PORTS, stackOf(wanted.domain));
    if (taken !== undefined) return { ...NOTHING, blocked: portTaken(taken) };
  }
  return planProxy(settings, { wanted, seen, made: await world.made() });
}

function portTaken(port: number): HostError {
  return new HostError("wrong", `Port ${port} is taken, and the proxy needs it`, {
    hint: `End what listens there ("ss -ltnp sport = :${port}" names it), then start again.`,
  });
}

async function planOfRoutes(settings: HostSettings, { world }: Surroundings): Promise<Plan> {
  const domain = proxyDomain(settings);
  const seen = await world.app({ recipe: "traefik", domain });
  return planRoutes(settings, { stack: stackOf(domain), seen, made: await world.made() });
}

async function planOfBot({ backupBot }: HostSettings, { world, credentials }: Surroundings): Promise<Plan> {
  if (backupBot === undefined) throw notAsked("backupBot");
  const wanted = await wantedBackupBot(backupBot, credentials);
  return planApp(wanted, await look(world, wanted));
}

async function planOfDrone(settings: HostSettings, { world, credentials }: Surroundings): Promise<Plan> {
  const { drone } = settings;
  if (drone === undefined) throw notAsked("drone");
  const wanted = await wantedDrone(settings, { drone, credentials });
  const seen = await look(world, wanted);
  const app = planApp(wanted, seen);
  const starts = Object.keys(seen.services).length === 0 || seen.waitingFor !== null;
  const trouble = starts ? await world.forgeTrouble() : null;
  if (trouble !== null) return { ...NOTHING, blocked: forgeAway(settings.forge.url, trouble) };
  if (app.steps.length > 0 || app.blocked !== null) return app;
  return planRepository(settings, { drone, seen: await world.drone(drone.repository) });
}

/** Drone does not start without its forge. */
function forgeAway(url: string, trouble: string): HostError {
  return new HostError("not yet", `The forge "${url}" does not answer: ${trouble}`, {
    hint: 'Look whether it runs, and whether "forge.url" in the settings is its address.',
  });
}

/** An app as it is, and the services that it should come to as far as that can be said by now. */
async function look(world: World, wanted: WantedApp): Promise<SeenApp & { model: Services | null }> {
  const strange = await world.strangeAbra();
  if (strange !== null) {
    throw new HostError("wrong", strange, {
      hint:
        'Take a version that is known, or name this one in the setting "trustAbra" once that is all right.',
    });
  }
  const { recipe, domain } = wanted;
  const first = await world.app({ recipe, domain });
  const version = wantedVersion(wanted, first);
  if (!standsAt(first.recipe, version)) return { ...first, model: null };
  const settings = wantedSettings(wanted, first);
  return { ...first, model: await world.model({ recipe, domain, settings }) };
}

function notAsked(setting: string): HostError {
  return new HostError("wrong", `The settings of this host do not ask for that: there is no "${setting}"`, {
    hint: `Put "${setting}": {} into the settings if this host is to have it.`,
  });
}

import { serviceFetch } from "../../common/ingress.ts";
import { once } from "../../common/once.ts";
import { Abra } from "../../harness/abra/abra.ts";
import { floorTrouble } from "../../harness/floor/engine.ts";
import { Git } from "../../harness/recipe/git.ts";
import { Swarm } from "../../harness/swarm/swarm.ts";
import { ownDeno } from "../../programs/start.ts";
import { readAuthority } from "../authority.ts";
import type { Credentials } from "../credentials.ts";
import { letGitIn, logInToRegistry, lookAtLogins } from "../logins.ts";
import type { Action } from "../plan/step.ts";
import type { World } from "../plan/world.ts";
import { droneDomain, type HostSettings } from "../settings.ts";
import { unitsOf } from "../unit_values.ts";
import { behindProxy } from "../units.ts";
import { type AppWorld, byAbra, lookAtApp, modelOf, newApp, waitForApp, writeSettings } from "./apps.ts";
import { forgeTrouble, freeAt, strangeAbra, takenByOthers } from "./conditions.ts";
import { type DroneApi, lookAtDrone, setRepository, waitForDrone } from "./drone_api.ts";
import { initSwarm, lookAtSwarm, makeBridge, makeProxyNetwork, removeBridge } from "./engine.ts";
import { lookAtMade, makeInsideCertificate, writeNames } from "./made.ts";
import { addKey } from "./restic_key.ts";
import { fetchRecipe } from "./recipes.ts";
import { writeRoutes } from "./route_files.ts";
import { lookAtUnits, restartRunning } from "./systemd.ts";

export interface HostOptions {
  credentials: Credentials;
  signal: AbortSignal;
  /** Is told what a step does meanwhile. */
  log(line: string): void;
}

/** This host: Docker by its socket, apps by abra, Drone through the proxy, files where programs look for them. */
export function hostWorld(settings: HostSettings, options: HostOptions): World {
  const { signal, log, credentials } = options;
  const { domain, proxy, ca, home } = settings;
  const world: AppWorld = {
    swarm: new Swarm(settings.docker),
    abra: new Abra({
      settings: { ABRA: settings.abra, DENO: ownDeno() ?? "deno", DOCKER_SOCKET: settings.docker },
      dir: settings.abraDir,
      signal,
    }),
    git: new Git({ BASE_DOMAIN: domain, INGRESS: proxy.ingress, CA_FILE: ca }),
    signal,
    log,
  };
  // Read where it is needed, so that an authority's file that is not there leaves alone what does without it.
  const fetch = once(() => fetchOf(settings));
  const drone = async () => await droneOf(settings, { fetch: await fetch(), credentials, signal });
  const strange = once(() => byAbra(() => strangeAbra(world.abra, settings)));
  return {
    strangeAbra: strange,
    takenPorts: (ports, stack) =>
      takenByOthers(ports, { swarm: world.swarm, stack, hostname: settings.gateway.publish, signal }),
    floorTrouble: () => floorTrouble(world.swarm),
    freeBytes: freeAt,
    forgeTrouble: async () => await forgeTrouble(settings.forge.url, await fetch()),
    units: lookAtUnits,
    made: () => lookAtMade(settings.made),
    swarm: () => lookAtSwarm(world.swarm),
    logins: (of) => lookAtLogins(home, of),
    app: (app) => lookAtApp(world, app),
    model: (app) => modelOf(world.abra, app),
    drone: async (repository) => await lookAtDrone(await drone(), repository),
    act: (action) => act(action, { world, settings, drone }),
  };
}

/** Drone of this host. */
export async function hostDrone(
  settings: HostSettings,
  options: Pick<HostOptions, "credentials" | "signal">,
): Promise<DroneApi> {
  return await droneOf(settings, { ...options, fetch: await fetchOf(settings) });
}

async function droneOf(
  settings: HostSettings,
  { credentials, ...others }: { credentials: Credentials; fetch: typeof fetch; signal: AbortSignal },
): Promise<DroneApi> {
  const token = await credentials.need("drone_token");
  return { url: `https://${droneDomain(settings)}`, token, ...others };
}

async function fetchOf({ domain, proxy, ca }: HostSettings): Promise<typeof fetch> {
  const ingress = {
    address: proxy.ingress,
    ...(ca === undefined ? {} : { ca: await readAuthority(ca) }),
  };
  return serviceFetch({ base: domain, ingress });
}

interface Hands {
  world: AppWorld;
  settings: HostSettings;
  drone(): Promise<DroneApi>;
}

async function act(action: Action, { world, settings, drone }: Hands): Promise<void> {
  const { swarm, abra, git } = world;
  switch (action.kind) {
    case "remove-bridge":
      return await removeBridge(swarm);
    case "make-bridge":
      return await makeBridge(swarm, action);
    case "init-swarm":
      return await initSwarm(swarm, action.address);
    case "make-proxy-network":
      return await makeProxyNetwork(swarm);
    case "make-inside-certificate":
      // Each service has the certificate with which it started, of an authority that the proxy believes no more.
      if (await makeInsideCertificate(settings.made)) {
        await restartRunning(behindProxy(unitsOf(settings)), world);
      }
      return;
    case "write-names":
      return await writeNames(settings.made, action.text);
    case "log-in-to-registry":
      return await logInToRegistry(settings, action);
    case "let-git-in":
      return await letGitIn(settings, action);
    case "fetch-recipe": {
      const { recipe, version } = action;
      return await fetchRecipe(git, {
        url: `${settings.recipes}/${recipe}.git`,
        folder: abra.recipeFolder(recipe),
        version,
      });
    }
    case "new-app":
      return await byAbra(() => newApp(abra, action));
    case "write-settings":
      return await writeSettings(abra, action);
    case "insert-secret":
      return await byAbra(() => abra.insertSecret(action.domain, action));
    case "deploy": {
      const { domain, version, newKey } = action;
      if (newKey !== undefined) await addKey(swarm, { domain, password: newKey });
      await byAbra(() => abra.deploy(domain, { version, again: true }));
      return;
    }
    case "wait":
      return await waitForApp(world, action.stack);
    case "write-route":
      return await writeRoutes(swarm, action);
    case "remove-secret": {
      const found = (await swarm.allObjects()).find(({ kind, name }) =>
        kind === "secret" && name === action.name
      );
      if (found !== undefined) await swarm.remove(found);
      return;
    }
    case "wait-for-drone":
      return await waitForDrone(await drone());
    case "set-repository":
      return await setRepository(await drone(), action);
  }
}

import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import { harnessEnv } from "../../protocol/harness_env.ts";
import { tokenFile } from "../host/accounts.ts";
import { forgeApi } from "../gitea/api.ts";
import type { BuildContext } from "../gitea/gitea.ts";
import { FORGE_HOST, type Paths, PORTS } from "../host/paths.ts";
import { inStep, type Step } from "../host/progress.ts";
import { ensureActivated } from "./activate.ts";
import { ensureDaemon, settingsText } from "./daemon.ts";
import { runner, server } from "./daemons.ts";
import { BRANCH, DRONE_URL, droneFiles, OWNER, PIPELINES } from "./files.ts";
import { ensureOwner, ensurePipelines, registerApp } from "./forge.ts";
import { logIn } from "./login.ts";
import { harnessWrapper, localPipelines } from "./pipeline.ts";
import { ensureDronePrograms } from "./programs.ts";
import { type DroneSecrets, ensureSecrets, saveSecrets } from "./secrets.ts";

export interface DroneOptions extends BuildContext {
  gateway: string;
  /** The forge's administrator. */
  admin: { name: string; password: string };
  /** Settings of the harness. */
  env: Record<string, string>;
}

/** What has to be there before a Drone: its owner and application on the forge, the pipelines, what steps start with. */
export interface DroneReady {
  secrets: DroneSecrets;
  /** Drone as the forge's OAuth application. */
  app: { id: string; secret: string };
  /** The commit at which the bridge has builds run. */
  commit: string;
}

/** Readies the forge and this machine for a Drone, whatever runs it. */
export async function readyDrone(options: DroneOptions): Promise<DroneReady> {
  const { paths, gateway, admin } = options;
  const files = droneFiles(paths);
  await Deno.mkdir(files.work, { recursive: true, mode: 0o700 });
  const secrets = await ensureSecrets(paths);
  await ensureOwner(gateway, { admin, password: secrets.password });
  const asOwner = forgeApi(gateway, { name: OWNER, password: secrets.password });
  const app = secrets.app ?? await registerApp(asOwner);
  if (secrets.app === null) await saveSecrets(paths, { ...secrets, app });
  await writeStepFiles(options);
  const text = await Deno.readTextFile(join(paths.repo, ".drone.yml"));
  const commit = await ensurePipelines(asOwner, localPipelines(text, files.harness));
  return { secrets: { ...secrets, app }, app, commit };
}

/** Logs the pipelines' owner in at a Drone, as far as that is needed, and has it do what the bridge relies on. */
export async function activatePipelines(
  { secrets, app }: DroneReady,
  { drone, gateway, fetch }: { drone: string; gateway: string; fetch?: typeof globalThis.fetch },
): Promise<void> {
  const forge = `http://${gateway}:${PORTS.gitea}`;
  const user = { name: OWNER, password: secrets.password };
  const by = fetch === undefined ? {} : { fetch };
  const ownerToken = () => logIn({ forge, drone, user, clientId: app.id, ...by });
  await ensureActivated({ drone, adminToken: secrets.token, ownerToken, ...by });
}

/** Settings of the bridge that make it use a Drone. */
export function droneSettings(paths: Paths, { commit }: Pick<DroneReady, "commit">): Record<string, string> {
  return {
    CCCI_ENGINE: "drone",
    CCCI_DRONE_URL: DRONE_URL,
    CCCI_DRONE_TOKEN_FILE: tokenFile(paths, "drone"),
    CCCI_DRONE_REPO: PIPELINES,
    CCCI_DRONE_BRANCH: BRANCH,
    CCCI_DRONE_COMMIT: commit,
  };
}

/**
 * A Drone server and one exec runner beside the forge, with the project's pipelines active in it.
 * @returns settings of the bridge that make it use them
 */
export async function ensureDrone(options: DroneOptions): Promise<Record<string, string>> {
  const { paths, progress, gateway } = options;
  const programs = await ensureDronePrograms(options);
  const ready = await inStep(progress, "Drone", async (step) => {
    const ready = await readyDrone(options);
    await ensureDaemon(server({ paths, gateway, programs, secrets: ready.secrets }), step);
    await activatePipelines(ready, { drone: `http://${gateway}:${PORTS.drone}`, gateway });
    return ready;
  });
  const { secrets } = ready;
  await inStep(
    progress,
    "Drone's runner",
    (step: Step) => ensureDaemon(runner({ paths, gateway, programs, secrets }), step),
  );
  return droneSettings(paths, ready);
}

/** What steps start with: the harness under the name the pipeline knows, and a git that finds the forge. */
async function writeStepFiles({ paths, env }: { paths: Paths; env: Record<string, string> }): Promise<void> {
  const files = droneFiles(paths);
  const settings = harnessEnv((name) => env[name] ?? Deno.env.get(name));
  await writeAtomically(files.harness, harnessWrapper({ paths, env: settings }), { mode: 0o755 });
  const [address = "", port = ""] = (env.CCCI_INGRESS ?? "").split(":");
  await Deno.writeTextFile(
    files.stepEnv,
    settingsText({
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "http.curloptResolve",
      GIT_CONFIG_VALUE_0: `${FORGE_HOST}:${port}:${address}`,
      GIT_SSL_CAINFO: env.CCCI_CA_FILE ?? "",
    }),
  );
}

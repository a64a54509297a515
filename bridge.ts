import { join } from "node:path";
import { bridgeConfig, type Config, droneConfig, harnessEnv } from "./bridge/config.ts";
import { dashboardClient } from "./bridge/dashboard_client.ts";
import { DroneEngine } from "./bridge/engine/drone.ts";
import type { Engine } from "./bridge/engine/engine.ts";
import { LocalEngine } from "./bridge/engine/local.ts";
import { readEnrolments } from "./bridge/enrolments.ts";
import { giteaForge } from "./bridge/forge/gitea.ts";
import { holdState, newId } from "./bridge/state.ts";
import { run } from "./bridge/run.ts";
import { Store } from "./bridge/store.ts";
import { CcciError, describeError } from "./common/errors.ts";
import { type Ingress, ingressFetch } from "./common/ingress.ts";
import { setUpLogging } from "./common/log.ts";
import { systemClock } from "./common/time.ts";

async function main(): Promise<void> {
  const config = bridgeConfig();
  await setUpLogging(config.LOG_LEVEL);
  const ingress: Ingress = {
    address: config.INGRESS,
    ...(config.CA_FILE === undefined ? {} : { ca: await Deno.readTextFile(config.CA_FILE) }),
  };
  using _held = await holdState(config.STATE);
  using store = new Store(join(config.STATE, "bridge.db"));
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  await run({
    store,
    clock: systemClock,
    newId,
    org: config.MEMBERS_ORG,
    forgeUrl: config.FORGE_URL,
    forge: giteaForge({
      url: config.FORGE_URL,
      token: config.FORGE_TOKEN,
      fetch: ingressFetch(ingress, { timeoutMs: 15_000 }),
    }),
    engine: engineOf(config, ingress),
    dashboard: config.DASHBOARD_URL === undefined || config.BRIDGE_TOKEN === undefined
      ? null
      : dashboardClient({
        url: config.DASHBOARD_URL,
        token: config.BRIDGE_TOKEN,
        fetch: ingressFetch(ingress, { timeoutMs: 5_000 }),
      }),
    readEnrolments: () => readEnrolments(config.RECIPES),
  }, {
    listen: config.LISTEN,
    pollMs: config.POLL_S * 1000,
    webhookSecret: config.WEBHOOK_SECRET ?? null,
    signal: stop.signal,
  });
}

function engineOf(config: Config, ingress: Ingress): Engine {
  if (config.ENGINE === "drone") {
    return new DroneEngine({
      ...droneConfig(config),
      repo: config.DRONE_REPO,
      branch: config.DRONE_BRANCH,
      capacity: config.CAPACITY,
      // Drone takes 45 s to say that there is no pipeline.
      fetch: ingressFetch(ingress, { timeoutMs: 90_000 }),
    });
  }
  const module = config.HARNESS.endsWith(".ts");
  return new LocalEngine({
    folder: join(config.STATE, "runs"),
    command: [...(module ? [Deno.execPath(), "run", "-q", "-P=harness"] : []), config.HARNESS, "ci"],
    env: harnessEnv(),
    capacity: config.CAPACITY,
  });
}

try {
  await main();
  Deno.exit(0);
} catch (error) {
  const hint = error instanceof CcciError && error.hint !== undefined ? `\n${error.hint}` : "";
  Deno.stderr.writeSync(new TextEncoder().encode(`cc-ci bridge: ${describeError(error)}${hint}\n`));
  if (!(error instanceof CcciError)) throw error;
  Deno.exit(error.code === "usage" ? 2 : 1);
}

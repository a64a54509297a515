import { join } from "node:path";
import {
  bridgeConfig,
  type Config,
  droneConfig,
  gapsOf,
  harnessEnv,
  ownDomain,
} from "./bridge/service/config.ts";
import { dashboardClient } from "./bridge/reports/dashboard_client.ts";
import { DroneEngine } from "./bridge/engine/drone.ts";
import type { Engine } from "./bridge/engine/engine.ts";
import { LocalEngine } from "./bridge/engine/local.ts";
import { type Finding, selfCheck } from "./bridge/service/self_check.ts";
import { readEnrolments } from "./enrolment/repositories.ts";
import { readMaintenance } from "./bridge/commands/maintenance.ts";
import { giteaForge } from "./bridge/forge/gitea.ts";
import { RetryGate } from "./bridge/forge/retry_gate.ts";
import { giteaStatuses } from "./bridge/forge/statuses.ts";
import { holdState, newId } from "./bridge/service/state_folder.ts";
import { run } from "./bridge/service/loops.ts";
import { Store } from "./bridge/store/store.ts";
import { CcciError, describeError, UsageError } from "./common/errors.ts";
import { type OwnHosts, readCa, serviceFetch } from "./common/ingress.ts";
import { logger, setUpLogging } from "./common/log.ts";
import { systemClock } from "./common/time.ts";

const log = logger("bridge");

const usage = `Usage: bridge [--check]

Sees commands on pull requests, starts runs and reports them. Settings are CCCI_* variables.
--check looks whether it could do so, and says what to put right.
While there is a file "maintenance" in CCCI_STATE nothing new is started; people are told its first line.
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 1 && (args[0] === "--help" || args[0] === "-h")) {
    write(Deno.stdout, usage);
    return 0;
  }
  const onlyCheck = args.length === 1 && args[0] === "--check";
  if (args.length > 0 && !onlyCheck) {
    throw new UsageError(`Unknown arguments "${args.join(" ")}"`, { hint: usage });
  }
  const config = bridgeConfig();
  await setUpLogging(config.LOG_LEVEL);
  const own: OwnHosts = {
    base: ownDomain(config),
    ingress: {
      address: config.INGRESS,
      ...(config.CA_FILE === undefined ? {} : { ca: await readCa(config.CA_FILE) }),
    },
  };
  const engine = engineOf(config, own);
  const gate = new RetryGate(systemClock);
  const forge = giteaForge({
    url: config.FORGE_URL,
    gate,
    token: config.FORGE_TOKEN,
    fetch: serviceFetch(own, { timeoutMs: 15_000 }),
  });
  const statuses = config.STATUS_TOKEN === undefined ? null : giteaStatuses({
    url: config.FORGE_URL,
    gate,
    token: config.STATUS_TOKEN,
    fetch: serviceFetch(own, { timeoutMs: 15_000 }),
  });
  const check = {
    ...{ forge, statuses, engine, clock: systemClock, forgeUrl: config.FORGE_URL, org: config.MEMBERS_ORG },
    enrolments: await readEnrolments(config.RECIPES),
  };
  const gaps = gapsOf(config);
  if (onlyCheck) {
    return report([...await selfCheck(check), ...gaps.map((text) => ({ kind: "warning" as const, text }))]);
  }
  for (const gap of gaps) log.warn("a gap in the settings", { gap });
  using _held = await holdState(config.STATE);
  using store = new Store(join(config.STATE, "bridge.db"));
  // What is away may come back; what is wrong will not put itself right, and would only be seen by its silence.
  const found = await selfCheck(check);
  const wrong = found.filter(({ kind }) => kind === "wrong");
  if (wrong.length > 0) throw new UsageError(wrong.map(({ text }) => text).join("\n"));
  for (const { kind, text } of found) {
    if (kind === "fact") log.info("the forge", { is: text });
    else log.warn("not as it should be", { kind, what: text });
  }
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  await run({
    store,
    clock: systemClock,
    newId,
    org: config.MEMBERS_ORG,
    forgeUrl: config.FORGE_URL,
    forge,
    statuses,
    engine,
    dashboard: config.DASHBOARD_URL === undefined || config.BRIDGE_TOKEN === undefined
      ? null
      : dashboardClient({
        url: config.DASHBOARD_URL,
        token: config.BRIDGE_TOKEN,
        fetch: serviceFetch(own, { timeoutMs: 5_000 }),
      }),
    scheduleMs: config.SCHEDULE === "off" ? null : config.SCHEDULE_POLL_S * 1000,
    readEnrolments: () => readEnrolments(config.RECIPES),
    readMaintenance: () => readMaintenance(join(config.STATE, "maintenance")),
  }, {
    listen: config.LISTEN,
    pollMs: config.POLL_S * 1000,
    webhookSecret: config.WEBHOOK_SECRET ?? null,
    signal: stop.signal,
  });
  return 0;
}

/** @returns the exit code: 1 if anything stands in the way */
function report(findings: readonly Finding[]): number {
  const signs = { wrong: "✗", away: "✗", warning: "!", fact: "✓" };
  for (const { kind, text } of findings) write(Deno.stdout, `${signs[kind]} ${text}\n`);
  const bad = findings.some(({ kind }) => kind === "wrong" || kind === "away");
  if (!bad) write(Deno.stdout, "✓ The bridge can do its work\n");
  return bad ? 1 : 0;
}

function write(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  to.writeSync(new TextEncoder().encode(text));
}

function engineOf(config: Config, own: OwnHosts): Engine {
  if (config.ENGINE === "drone") {
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
  const module = config.HARNESS.endsWith(".ts");
  return new LocalEngine({
    folder: join(config.STATE, "runs"),
    command: [...(module ? [Deno.execPath(), "run", "-q", "-P=harness"] : []), config.HARNESS, "ci"],
    env: harnessEnv(),
    capacity: config.CAPACITY,
  });
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  const hint = error instanceof CcciError && error.hint !== undefined ? `\n${error.hint}` : "";
  write(Deno.stderr, `cc-ci bridge: ${describeError(error)}${hint}\n`);
  if (!(error instanceof CcciError)) throw error;
  Deno.exit(error.code === "usage" ? 2 : 1);
}

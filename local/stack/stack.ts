import { join } from "node:path";
import { exists } from "../../common/files.ts";
import { requirePrograms } from "../../programs/start.ts";
import { type Credentials, ensureCredentials, tokenFile, writePrivate } from "../host/accounts.ts";
import { UsageError } from "../../common/errors.ts";
import { ensureBackupBot } from "../backup_bot/service.ts";
import { dropBuildCaches } from "../host/build.ts";
import type { Docker } from "../docker/client.ts";
import { stopDrone } from "../drone/daemons.ts";
import { ensureDrone } from "../drone/mod.ts";
import { ensureComposeClient } from "../docker/compose_client.ts";
import { ensureEngine, ownEngine } from "../docker/own_engine.ts";
import { hub } from "../docker/registry.ts";
import { type BuildContext, ensureGitea, ensureGiteaProgram, type GiteaProgram } from "../gitea/gitea.ts";
import { ensurePrograms, requireDisk } from "../host/host.ts";
import { ensureBotImage } from "../images/mod.ts";
import { LOOPBACK, type Paths, pathsFromEnvironment } from "../host/paths.ts";
import { refuseTakenPorts } from "../host/ports.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { ORG, seedForge } from "../gitea/seed.ts";
import { describeStack, type Stack } from "./description.ts";
import { bringUpAsHost, HOST_GATEWAY, refuseAsHost, takeTurn } from "./as_host.ts";
import { ensureService, waitForRoute } from "./services.ts";
import { ensureSwarm } from "../docker/swarm.ts";
import { ensureRelay } from "../traefik/relay_process.ts";
import { type Certificates, ensureCertificates, ensureInsideCertificates } from "../traefik/tls.ts";
import { together } from "../host/interruption.ts";
import { ensureTraefik, traefikOwner } from "../traefik/traefik.ts";
import { ensureTraefikImage } from "../traefik/traefik_image.ts";

export type { Stack } from "./description.ts";
export { stopStack } from "./down.ts";

/** What can be brought up. A part that needs others brings them up first. */
export type Part = "swarm" | "traefik" | "backup-bot" | "gitea" | "dashboard" | "bridge";

const ALL: Part[] = ["swarm", "traefik", "backup-bot", "gitea", "dashboard", "bridge"];

const NEEDS: Record<Part, Part[]> = {
  swarm: [],
  traefik: ["swarm"],
  "backup-bot": ["swarm"],
  gitea: ["traefik"],
  dashboard: ["traefik"],
  bridge: ["gitea", "dashboard"],
};

/** What runs the harness: the bridge itself, or a Drone server with one exec runner. */
export type EngineName = "local" | "drone";

export interface EnsureOptions {
  /** @default all of them */
  parts?: Part[];
  progress: Progress;
  /** What the bridge gives runs to. @default what it is now; "local" at a first start */
  engine?: EngineName;
  /** Let the host's own program bring up what it does on a host. @default whether it did so before */
  likeProduction?: boolean;
  /** Test default branches when they move, without anybody asking. @default whether CCCI_SCHEDULE is "on" */
  schedule?: boolean;
  /** How the bridge learns of comments. @default it looks every second, and no webhook is taken */
  poll?: { seconds: number; webhookSecret: string };
  /** Use a Swarm that publishes beyond loopback. @default false */
  expose?: boolean;
  /** Abort ends builds and waits. */
  signal?: AbortSignal;
}

/**
 * Brings up what is missing and answers when all of it is healthy. A second call does none of the work again; a
 * call after one that was killed takes up what that left. Calls in several processes exclude each other.
 */
export async function ensureStack(options: EnsureOptions): Promise<Stack> {
  const paths = pathsFromEnvironment();
  requirePrograms(paths.programs);
  const { progress } = options;
  const signal = options.signal ?? new AbortController().signal;
  const { lock, asHost } = await takeTurn(paths, {
    likeProduction: options.likeProduction,
    progress,
    signal,
  });
  using _lock = lock;
  const parts = withNeeds(asHost ? ALL : options.parts ?? ALL);
  for (const folder of [paths.bin, paths.runs, paths.logs]) await Deno.mkdir(folder, { recursive: true });
  await Deno.chmod(paths.state, 0o711); // readable by none but us, passable to the CA file
  await requireDisk(paths, { pulls: () => hub.answers() });
  await inStep(progress, "Programs", async (step) => {
    await ensurePrograms(
      [
        "git",
        "openssl",
        "iptables",
        "ip",
        "ps",
        "setpriv",
        ["chromium-headless-shell", "chromium"],
        "certutil",
      ],
      { why: "the local stack and its test runs", step },
    );
  });
  signal.throwIfAborted();
  if (parts.has("traefik") && ownEngine(paths) === undefined) refuseTakenPorts();
  // Both may have to be fetched, or built where no registry has them, and neither keeps two processors busy.
  const [engine, giteaProgram] = await together(signal, [
    (signal) => startEngine({ paths, progress, signal }),
    (signal) =>
      parts.has("gitea") ? ensureGiteaProgram({ paths, progress, signal }) : Promise.resolve(undefined),
  ]);
  const { docker } = engine;
  if (asHost) await refuseAsHost(docker, { engineIsOurs: engine.ours, engine: options.engine });
  const bridged = asHost ? HOST_GATEWAY : await inStep(progress, "Swarm", async (step) => {
    const expose = options.expose ?? false;
    return (await ensureSwarm(docker, { paths, step, engineIsOurs: engine.ours, expose })).gateway;
  });
  signal.throwIfAborted();
  const certificates = await ensureCertificates(paths);
  const gateway = LOOPBACK;
  const composeClient = await ensureComposeClient({ paths, progress, signal });
  const credentials = await ensureCredentials(paths);
  const stack = await describeStack({
    ...{ paths, gateway, bridged, certificates, credentials, composeClient },
    ...{ engineIsOurs: engine.ours, asHost },
  });
  const facts = { paths, progress, signal, docker, gateway, bridged, certificates, credentials, stack };
  const context: Context = {
    ...facts,
    engine: asHost ? "drone" : options.engine ?? await engineInUse(paths),
    schedule: options.schedule ?? Deno.env.get("CCCI_SCHEDULE") === "on",
    poll: options.poll,
  };
  await together(signal, [
    ...(parts.has("traefik") && !asHost
      ? [(signal: AbortSignal) => startTraefik({ ...context, signal })]
      : []),
    ...(parts.has("backup-bot") && !asHost
      ? [(signal: AbortSignal) => startBackupBot({ ...context, signal })]
      : []),
    ...(giteaProgram === undefined ? [] : [() => startGitea({ ...context, program: giteaProgram })]),
  ]);
  if (parts.has("gitea") && await exists(paths.buildCaches)) {
    await inStep(progress, "Remove what builds leave behind", () => dropBuildCaches(paths));
  }
  if (asHost) context.engineEnv = await startHost(context);
  for (
    const [part, start] of [["gitea", seed], ["dashboard", startDashboard], ["bridge", startBridge]] as const
  ) {
    signal.throwIfAborted();
    if (parts.has(part)) await start(context);
  }
  await Deno.writeTextFile(join(paths.state, "env.json"), JSON.stringify(stack.env, null, 2) + "\n");
  return stack;
}

async function startEngine({ paths, progress, signal }: BuildContext): ReturnType<typeof ensureEngine> {
  const engine = await inStep(
    progress,
    "Docker Engine",
    (step) => ensureEngine({ paths, step, progress, signal }),
  );
  await refuseOtherStack(engine.docker, paths);
  return engine;
}

/** One machine holds one stack: its ports, its networks and the names below its domain are taken. */
async function refuseOtherStack(docker: Docker, paths: Paths): Promise<void> {
  const owner = await traefikOwner(docker);
  if (owner === undefined || owner === paths.cache) return;
  throw new UsageError(`Could not start: a stack with its cache at "${owner}" runs on this machine`, {
    hint: `Use that one (CCCI_CACHE=${owner}), or stop it first: CCCI_CACHE=${owner} ./cc-ci down`,
  });
}

interface Context {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
  docker: Docker;
  /** Where the stack's own services listen. */
  gateway: string;
  /** This machine's address on docker_gwbridge. */
  bridged: string;
  certificates: Certificates;
  credentials: Credentials;
  stack: Stack;
  engine: EngineName;
  /** Settings of the bridge by which it uses an engine that runs already. */
  engineEnv?: Record<string, string>;
  schedule: boolean;
  poll: EnsureOptions["poll"];
}

/** What the host's own program brings up, and before it the forge, which a host has elsewhere. */
async function startHost(context: Context): Promise<Record<string, string>> {
  const { paths, progress, signal, docker, gateway, certificates, credentials, stack } = context;
  const { admin } = credentials.accounts;
  await inStep(progress, "Accounts", (step) => seedForge({ paths, gateway, credentials, step }));
  const abra = stack.env.CCCI_ABRA ?? "abra";
  return await bringUpAsHost({
    paths,
    progress,
    signal,
    docker,
    gateway,
    certificates,
    admin,
    abra,
    env: stack.env,
  });
}

async function startTraefik(
  { paths, progress, signal, docker, bridged: gateway, certificates }: Context,
): Promise<void> {
  const image = await ensureTraefikImage(docker, { paths, progress, signal });
  const inside = await ensureInsideCertificates(paths);
  await inStep(progress, "Traefik", async (step) => {
    await ensureRelay({ paths, gateway, inside, proxy: "loopback" });
    await ensureTraefik(docker, { paths, step, signal, image, gateway, certificates, inside });
  });
}

async function startBackupBot({ paths, progress, signal, docker, stack }: Context): Promise<void> {
  const { cache } = paths;
  const image = await ensureBotImage({ progress, cache, engineIsOurs: stack.engineIsOurs, signal });
  await inStep(progress, "Backup bot", (step) => ensureBackupBot(docker, { paths, step, signal, image }));
}

async function startGitea(
  { paths, progress, gateway, credentials, program }: Context & { program: GiteaProgram },
): Promise<void> {
  await inStep(progress, "Gitea", async (step) => {
    await ensureGitea({ paths, step, gateway, program, admin: credentials.accounts.admin });
  });
}

async function seed({ paths, progress, gateway, credentials, certificates, stack }: Context): Promise<void> {
  await inStep(progress, "Accounts", async (step) => {
    await seedForge({ paths, gateway, credentials, step });
    await waitForRoute(`${stack.urls.forge}/api/healthz`, certificates);
  });
}

async function startDashboard({ paths, progress, gateway, certificates, stack }: Context): Promise<void> {
  await inStep(progress, "Dashboard", async (step) => {
    const env = { ...stack.env, CCCI_BRIDGE_TOKEN_FILE: tokenFile(paths, "bridge") };
    await ensureService("dashboard", { paths, step, gateway, env });
    await waitForRoute(`${stack.urls.dashboard}/healthz`, certificates);
  });
}

async function startBridge(context: Context): Promise<void> {
  const { paths, progress, signal, gateway, credentials, stack, engine, schedule, poll } = context;
  const { admin, maintainer } = credentials.accounts;
  const engineEnv: Record<string, string> = context.engineEnv ??
    (engine === "drone"
      ? await ensureDrone({ paths, progress, signal, gateway, admin, env: stack.env })
      : { CCCI_ENGINE: "local" });
  // Statuses take an account that may push, which the bot may not.
  await writePrivate(tokenFile(paths, "status"), maintainer.token);
  await inStep(progress, "Bridge", async (step) => {
    const env = {
      ...stack.env,
      CCCI_BRIDGE_TOKEN_FILE: tokenFile(paths, "bridge"),
      CCCI_FORGE_TOKEN_FILE: tokenFile(paths, "forge"),
      CCCI_STATUS_TOKEN_FILE: tokenFile(paths, "status"),
      CCCI_MEMBERS_ORG: ORG,
      CCCI_POLL_S: String(poll?.seconds ?? 1),
      ...(poll === undefined ? {} : { CCCI_WEBHOOK_SECRET: poll.webhookSecret }),
      // Whoever tries something here would wait for runs that nobody asked for.
      CCCI_SCHEDULE: schedule ? "on" : "off",
      CCCI_SCHEDULE_POLL_S: "2",
      ...engineEnv,
    };
    await ensureService("bridge", { paths, step, gateway, env });
    if (engine === "local") await stopDrone(paths);
    await Deno.writeTextFile(engineFile(paths), engine);
  });
}

function engineFile(paths: Paths): string {
  return join(paths.state, "engine");
}

/** What the bridge of a stack gives runs to, or gave at last. */
export async function engineInUse(paths: Paths): Promise<EngineName> {
  return await Deno.readTextFile(engineFile(paths)).catch(() => "") === "drone" ? "drone" : "local";
}

function withNeeds(parts: Part[]): Set<Part> {
  const all = new Set<Part>();
  const add = (part: Part) => {
    if (all.has(part)) return;
    all.add(part);
    NEEDS[part].forEach(add);
  };
  parts.forEach(add);
  return all;
}

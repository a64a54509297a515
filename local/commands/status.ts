import { join } from "node:path";
import { readCredentials } from "../host/accounts.ts";
import { backupBotReady, backupBotSince, BOT_LOG } from "../backup_bot/service.ts";
import { engineAnswers, engineClient } from "../docker/client.ts";
import { ownDaemon } from "../drone/daemon.ts";
import { daemonIds } from "../drone/daemons.ts";
import { DRONE_URL, droneFiles } from "../drone/files.ts";
import { findService } from "../docker/own_stack.ts";
import { engineFiles, ownEngine } from "../docker/own_engine.ts";
import { exists } from "../../common/files.ts";
import { stackOf } from "../../harness/run/names.ts";
import { write } from "../../common/output.ts";
import { giteaAnswers, ownGitea } from "../gitea/gitea.ts";
import { giteaFiles } from "../gitea/config.ts";
import {
  BASE_DOMAIN,
  DRONE_HOST,
  FORGE_HOST,
  LOOPBACK,
  type Paths,
  pathsFromEnvironment,
  PORTS,
} from "../host/paths.ts";
import { isHealthy, type ProcessId, startedAt } from "../host/process.ts";
import { DASHBOARD_URL, ownService, serviceAnswers, serviceFiles } from "../stack/services.ts";
import { isAsHost } from "../stack/as_host.ts";
import { findAbra } from "../stack/description.ts";
import { swarmStatus } from "../docker/swarm.ts";
import { answersOnce, traefikSince } from "../traefik/traefik.ts";
import { launcherCommand } from "../host/command_line.ts";

export interface PartStatus {
  part: string;
  state: "running" | "not answering" | "stopped" | "not ours";
  since: string | null;
  url: string | null;
  log: string | null;
}

export interface StackStatus {
  parts: PartStatus[];
  accounts: { name: string; password: string; role: string }[];
  ca: string | null;
  cache: string;
  abra: { path: string; standIn: boolean };
}

/** `./cc-ci status`: shows what runs, where it answers, and who may log in. @returns the exit code */
export async function status(argv: string[]): Promise<number> {
  const { json } = launcherCommand("status")
    .description("Shows what runs, where it answers, and who may log in.")
    .option("--json", "one JSON object")
    .parse(argv, { from: "user" })
    .opts<{ json?: boolean }>();
  const seen = await stackStatus();
  write(json ? `${JSON.stringify(seen)}\n` : statusText(seen));
  return 0;
}

/** What runs at this moment. Starts and changes nothing. */
export async function stackStatus(): Promise<StackStatus> {
  const paths = pathsFromEnvironment();
  const docker = engineClient();
  const engine = await engineAnswers(docker) === "yes";
  const swarm = engine ? await swarmStatus(docker, paths) : undefined;
  const credentials = await readCredentials(paths);
  const abra = await findAbra(paths);
  const gateway = LOOPBACK;
  const reached = swarm === undefined ? undefined : docker;
  const asHost = await isAsHost(paths);
  return {
    parts: [
      engineStatus(paths, engine),
      {
        part: "Swarm",
        state: swarm === undefined ? "stopped" : swarm.ours || asHost ? "running" : "not ours",
        since: swarm?.since ?? null,
        url: null,
        log: null,
      },
      ...(asHost
        ? await Promise.all(hostApps.map((app) => hostAppStatus(paths, { app, docker: reached })))
        : [await traefikStatus(paths, reached), await backupBotStatus(reached)]),
      processStatus("Gitea", {
        process: ownGitea(paths),
        log: giteaFiles(paths).log,
        url: `https://${FORGE_HOST}`,
        answers: await giteaAnswers(gateway),
      }),
      ...await Promise.all(
        (["dashboard", "bridge"] as const).map(async (service) =>
          processStatus(service === "bridge" ? "Bridge" : "Dashboard", {
            process: ownService(paths, service),
            log: serviceFiles(paths, service).log,
            url: service === "bridge" ? `${DASHBOARD_URL}/hook` : DASHBOARD_URL,
            answers: await serviceAnswers(service, gateway),
          })
        ),
      ),
      ...(await droneStatus(paths, gateway)).filter(({ part }) => !asHost || part !== "Drone"),
    ],
    accounts: credentials === undefined ? [] : [
      { ...pick(credentials.accounts.maintainer), role: "may say !testme" },
      { ...pick(credentials.accounts.outsider), role: "may not" },
      { ...pick(credentials.accounts.bot), role: "writes the comments" },
      { ...pick(credentials.accounts.admin), role: "administrator" },
    ],
    ca: credentials === undefined ? null : join(paths.tls, "ca.pem"),
    cache: paths.cache,
    abra: { path: abra.abra, standIn: abra.standIn },
  };
}

function pick({ name, password }: { name: string; password: string }) {
  return { name, password };
}

function engineStatus(paths: Paths, answers: boolean): PartStatus {
  const own = ownEngine(paths);
  const part = "Docker Engine";
  if (own === undefined) {
    return { part, state: answers ? "not ours" : "stopped", since: null, url: null, log: null };
  }
  return {
    part,
    state: answers ? "running" : "not answering",
    since: startedAt(own).toISOString(),
    url: null,
    log: engineFiles(paths).log,
  };
}

async function traefikStatus(
  paths: Paths,
  docker: ReturnType<typeof engineClient> | undefined,
): Promise<PartStatus> {
  const part = "Traefik";
  const since = docker === undefined ? undefined : await traefikSince(docker);
  if (since === undefined) return { part, state: "stopped", since: null, url: null, log: null };
  const answers = await answersOnce({ ca: join(paths.tls, "ca.pem") });
  return {
    part,
    state: answers ? "running" : "not answering",
    since: since.toISOString(),
    url: `https://*.${BASE_DOMAIN}`,
    log: "docker service logs cc-ci-traefik_app",
  };
}

/** What the host's own program has brought up. */
const hostApps = [
  { part: "Traefik", stack: stackOf(`traefik.${BASE_DOMAIN}`), url: `https://*.${BASE_DOMAIN}` },
  { part: "Backup bot", stack: "backup-bot", url: null },
  { part: "Drone", stack: stackOf(DRONE_HOST), url: DRONE_URL },
];

async function hostAppStatus(
  paths: Paths,
  { app, docker }: { app: typeof hostApps[number]; docker: ReturnType<typeof engineClient> | undefined },
): Promise<PartStatus> {
  const { part, stack, url } = app;
  const service = `${stack}_app`;
  const found = docker === undefined ? undefined : await findService(docker, service);
  if (docker === undefined || found === undefined) {
    return { part, state: "stopped", since: null, url: null, log: null };
  }
  const filters = { label: [`com.docker.swarm.service.name=${service}`], health: ["healthy"] };
  const healthy = (await docker.listContainers({ filters })).length > 0;
  const answers = healthy && (part !== "Traefik" || await answersOnce({ ca: join(paths.tls, "ca.pem") }));
  return {
    ...{ part, url, since: found.createdAt, log: `docker service logs ${service}` },
    state: answers ? "running" : "not answering",
  };
}

/** Drone's two processes; an empty list where runs are the bridge's own processes. */
async function droneStatus(paths: Paths, gateway: string): Promise<PartStatus[]> {
  const files = droneFiles(paths);
  if (!await exists(files.root)) return [];
  const ids = daemonIds(paths);
  const daemons = [
    { part: "Drone", id: ids.server, port: PORTS.drone, url: DRONE_URL, log: files.server.log },
    { part: "Drone's runner", id: ids.runner, port: PORTS.droneRunner, url: null, log: files.runner.log },
  ];
  return await Promise.all(daemons.map(async ({ part, id, port, url, log }) =>
    processStatus(part, {
      process: ownDaemon(id),
      log,
      url,
      answers: await isHealthy(`http://${gateway}:${port}/healthz`),
    })
  ));
}

async function backupBotStatus(docker: ReturnType<typeof engineClient> | undefined): Promise<PartStatus> {
  const part = "Backup bot";
  const since = docker === undefined ? undefined : await backupBotSince(docker);
  if (docker === undefined || since === undefined) {
    return { part, state: "stopped", since: null, url: null, log: null };
  }
  const state = await backupBotReady(docker) ? "running" : "not answering";
  return { part, state, since: since.toISOString(), url: null, log: BOT_LOG };
}

interface ProcessFacts {
  process: ProcessId | undefined;
  log: string;
  url: string | null;
  answers: boolean;
}

function processStatus(part: string, { process, log, url, answers }: ProcessFacts): PartStatus {
  if (process === undefined) return { part, state: "stopped", since: null, url: null, log: null };
  return {
    part,
    state: answers ? "running" : "not answering",
    since: startedAt(process).toISOString(),
    url,
    log,
  };
}

/** The status as a table for people. */
export function statusText(status: StackStatus): string {
  const rows = [
    ["", "state", "since", "address", "log"],
    ...status.parts.map((part) => [
      part.part,
      part.state,
      part.since === null ? "" : clockTime(part.since),
      part.url ?? "",
      part.log ?? "",
    ]),
  ];
  const lines = table(rows);
  if (status.accounts.length > 0) {
    lines.push(
      "",
      ...table([
        ["log in as", "password", ""],
        ...status.accounts.map(({ name, password, role }) => [name, password, role]),
      ]),
    );
  }
  lines.push("");
  if (status.ca !== null) {
    lines.push(`Certificate authority, for your browser (valid for ${BASE_DOMAIN} only): ${status.ca}`);
  }
  lines.push(
    status.abra.standIn
      ? "abra: not installed, so runs use the stand-in of this project"
      : `abra: ${status.abra.path}`,
    `Cache: ${status.cache}`,
    "",
  );
  return lines.join("\n");
}

function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}

function clockTime(iso: string): string {
  return new Date(iso).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "medium" });
}

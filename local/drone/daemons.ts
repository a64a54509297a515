import { join } from "node:path";
import { type Paths, PORTS } from "../host/paths.ts";
import { stopProcess } from "../host/process.ts";
import { type Daemon, ownDaemon } from "./daemon.ts";
import { DRONE_URL, droneFiles, OWNER, PIPELINES } from "./files.ts";
import type { DronePrograms } from "./programs.ts";
import type { DroneSecrets } from "./secrets.ts";

export interface DaemonSetup {
  paths: Paths;
  gateway: string;
  programs: DronePrograms;
  secrets: DroneSecrets;
}

/** Drone's server. `secrets.app` must be known. */
export function server({ paths, gateway, programs, secrets }: DaemonSetup): Daemon {
  const files = droneFiles(paths);
  const { host, protocol } = new URL(DRONE_URL);
  const address = `${gateway}:${PORTS.drone}`;
  return {
    name: "Drone",
    argv: [programs.server, "--env-file", serverSettings(paths)],
    settings: {
      file: serverSettings(paths),
      values: {
        // Past the ingress: a Go program on this machine cannot resolve the forge's name.
        DRONE_GITEA_SERVER: `http://${gateway}:${PORTS.gitea}`,
        DRONE_GITEA_CLIENT_ID: secrets.app?.id ?? "",
        DRONE_GITEA_CLIENT_SECRET: secrets.app?.secret ?? "",
        DRONE_RPC_SECRET: secrets.rpc,
        DRONE_COOKIE_SECRET: secrets.cookie,
        DRONE_SERVER_HOST: host,
        DRONE_SERVER_PROTO: protocol.replace(":", ""),
        DRONE_SERVER_PORT: address,
        // Where the forge reports pushes to.
        DRONE_SERVER_PROXY_HOST: address,
        DRONE_SERVER_PROXY_PROTO: "http",
        DRONE_DATABASE_DRIVER: "sqlite3",
        DRONE_DATABASE_DATASOURCE: files.database,
        // Of people, who owns the pipelines alone.
        DRONE_USER_FILTER: OWNER,
        DRONE_USER_CREATE: `username:bridge,machine:true,admin:true,token:${secrets.token}`,
        DRONE_STATUS_DISABLED: "true",
        DRONE_LOGS_TEXT: "true",
        DRONE_CLEANUP_INTERVAL: "10m",
        DRONE_CLEANUP_DEADLINE_RUNNING: "60m",
      },
    },
    cwd: files.root,
    files: files.server,
    health: `http://${address}/healthz`,
    graceMs: 10_000,
  };
}

/** A runner beside the first one, as another host has it. */
export interface AnotherRunner {
  name: string;
  port: number;
  labels: Record<string, string>;
}

/** Drone's exec runner, one build at a time. */
export function runner(
  { paths, gateway, programs, secrets }: DaemonSetup,
  { name, port, labels }: AnotherRunner = { name: "local", port: PORTS.droneRunner, labels: {} },
): Daemon {
  const files = droneFiles(paths);
  const file = runnerSettings(paths, name);
  return {
    name: "Drone's runner",
    argv: [programs.runner, "daemon", file],
    settings: {
      file,
      values: {
        DRONE_RPC_PROTO: "http",
        DRONE_RPC_HOST: `${gateway}:${PORTS.drone}`,
        DRONE_RPC_SECRET: secrets.rpc,
        DRONE_RUNNER_CAPACITY: "1",
        DRONE_RUNNER_NAME: name,
        // The runner does not start with labels that are empty.
        ...(Object.keys(labels).length === 0
          ? {}
          : { DRONE_RUNNER_LABELS: Object.entries(labels).map((label) => label.join(":")).join(",") }),
        DRONE_RUNNER_ROOT: join(files.work, name),
        DRONE_RUNNER_ENVFILE: files.stepEnv,
        DRONE_LIMIT_EVENTS: "custom,push",
        // Steps run as this runner's user, so nobody else's repository may have any.
        DRONE_LIMIT_REPOS: PIPELINES,
        DRONE_HTTP_BIND: `${gateway}:${port}`,
      },
    },
    cwd: files.root,
    files: name === "local" ? files.runner : files.daemon(`drone-runner-${name}`),
    health: `http://${gateway}:${port}/healthz`,
    // The runner waits for its build; one without a build may sit in a sleep of 10 s.
    graceMs: 1_000,
  };
}

function serverSettings(paths: Paths): string {
  return join(droneFiles(paths).root, "server.env");
}

function runnerSettings(paths: Paths, name = "local"): string {
  return join(droneFiles(paths).root, name === "local" ? "runner.env" : `runner-${name}.env`);
}

/** What identifies the two processes of a stack. */
export function daemonIds(paths: Paths) {
  const files = droneFiles(paths);
  return {
    server: { settings: { file: serverSettings(paths), values: {} }, files: files.server },
    runner: { settings: { file: runnerSettings(paths), values: {} }, files: files.runner },
  };
}

/** Ends the runner. A build it has under way is left to its harness. */
export async function stopRunner(paths: Paths): Promise<boolean> {
  return await stopProcess(ownDaemon(daemonIds(paths).runner), { graceMs: 1_000 });
}

/** Ends runner and server. @returns whether any of them ran */
export async function stopDrone(paths: Paths): Promise<boolean> {
  const runner = await stopRunner(paths);
  return await stopProcess(ownDaemon(daemonIds(paths).server), { graceMs: 10_000 }) || runner;
}

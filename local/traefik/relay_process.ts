import { createHash } from "node:crypto";
import { join } from "node:path";
import { placeFlags } from "../../programs/start.ts";
import { SMALL_HEAP } from "../../common/small_heap.ts";
import { LOOPBACK, type Paths, PORTS } from "../host/paths.ts";
import { ownProcess, type ProcessId, startDetached, stopProcess, untilAnswers } from "../host/process.ts";
import type { Certificates } from "./tls.ts";

/** The services that Traefik routes to. */
const ROUTED = [PORTS.gitea, PORTS.dashboard, PORTS.bridge, PORTS.drone];
/** Where Traefik answers visitors. */
const VISITORS = [80, 443];
const PROGRAM = join("local", "traefik", "relay_main.ts");
const READY_MS = 60_000;

function relayFiles(paths: Paths) {
  return {
    log: join(paths.logs, "relay.log"),
    pidFile: join(paths.state, "pids", "relay.json"),
    mark: join(paths.state, "pids", "relay.fingerprint"),
  };
}

export interface RelayOptions {
  paths: Paths;
  /** This machine's address on docker_gwbridge. */
  gateway: string;
  inside: Certificates;
  /** Where Traefik listens: on loopback, or on the gateway as on a host. */
  proxy: "loopback" | "gateway";
}

/** What stands between Traefik and the services, and between Traefik and who looks for it: see `relay.ts`. */
export async function ensureRelay({ paths, gateway, inside, proxy }: RelayOptions): Promise<void> {
  const files = relayFiles(paths);
  const texts = await Promise.all(
    [inside.cert, ...["relay.ts", "relay_main.ts"].map((name) => join(paths.repo, "local", "traefik", name))]
      .map((path) => Deno.readTextFile(path)),
  );
  const wanted = createHash("sha256").update(JSON.stringify([gateway, proxy, VISITORS, ROUTED, texts]))
    .digest(
      "hex",
    );
  const running = ownRelay(paths);
  if (running !== undefined && await Deno.readTextFile(files.mark).catch(() => "") === wanted) return;
  await stopProcess(running, { graceMs: 2_000 });
  const { log, pidFile } = files;
  const command = relayCommand({ gateway, inside, proxy });
  const id = await startDetached(command, { cwd: paths.repo, env: {}, log, pidFile });
  await untilAnswers(id, {
    name: "the relay behind Traefik",
    log,
    answers: async () => (await Promise.all(ROUTED.map((port) => answers(gateway, port)))).every(Boolean),
    readyMs: READY_MS,
  });
  await Deno.writeTextFile(files.mark, wanted);
}

/** @throws {UsageError} where its certificate lies below a folder that Deno's permissions cannot name */
export function relayCommand({ gateway, inside, proxy }: Omit<RelayOptions, "paths">): string[] {
  const net = [...VISITORS, ...ROUTED].flatMap((port) => [`${gateway}:${port}`, `${LOOPBACK}:${port}`]);
  return [
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", SMALL_HEAP],
    ...[...placeFlags({ net, read: [inside.cert, inside.key] }), PROGRAM],
    ...[inside.cert, inside.key, gateway, proxy, ...ROUTED.map(String)],
  ];
}

async function answers(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}

export async function stopRelay(paths: Paths): Promise<boolean> {
  return await stopProcess(ownRelay(paths), { graceMs: 2_000 });
}

function ownRelay(paths: Paths): ProcessId | undefined {
  const key = join(paths.state, "tls-inside");
  return ownProcess(
    relayFiles(paths).pidFile,
    (argv) => argv.includes(PROGRAM) && argv.some((word) => word.startsWith(key)),
  );
}

import { createHash } from "node:crypto";
import { join } from "node:path";
import { ingressFetch } from "../../common/ingress.ts";
import { startCommand } from "../../programs/start.ts";
import { waitFor } from "../../common/time.ts";
import { StackError } from "../host/errors.ts";
import { ownGitea } from "../gitea/gitea.ts";
import { BASE_DOMAIN, INGRESS, type Paths, PORTS } from "../host/paths.ts";
import {
  answersInTime,
  isHealthy,
  isRunning,
  ownProcess,
  type ProcessId,
  startDetached,
  stopProcess,
  untilAnswers,
} from "../host/process.ts";
import type { Step } from "../host/progress.ts";

/** Our own programs that run beside the forge. */
export type Service = "dashboard" | "bridge";

const READY_MS = 120_000;
/** The bridge finishes the call it is in; runs live on without it. */
const STOP_MS = 10_000;

/** Sources whose change makes a running service stale. */
const SOURCES: Record<Service, string[]> = {
  dashboard: [
    "dashboard.ts",
    "dashboard",
    "common",
    "protocol",
    "enrolment",
    "programs",
    "wording",
    "deno.json",
  ],
  bridge: ["bridge.ts", "bridge", "common", "protocol", "enrolment", "programs", "wording", "deno.json"],
};

export function serviceFiles(paths: Paths, service: Service) {
  return {
    state: join(paths.state, service),
    log: join(paths.logs, `${service}.log`),
    pidFile: join(paths.state, "pids", `${service}.json`),
    mark: join(paths.state, "pids", `${service}.fingerprint`),
  };
}

export interface ServiceOptions {
  paths: Paths;
  step: Step;
  gateway: string;
  /** Its settings. */
  env: Record<string, string>;
}

/** One of our programs, started with its permission set, answering `/healthz`. */
export async function ensureService(service: Service, options: ServiceOptions): Promise<void> {
  const { paths, step, gateway } = options;
  const files = serviceFiles(paths, service);
  const env = {
    ...options.env,
    // Bundles need no library. Deno's cache of the checkout, which holds them, is not for them or what they start.
    ...(paths.programs.form === "bundle" ? { DENO_DIR: join(paths.state, "deno-dir", service) } : {}),
    CCCI_STATE: files.state,
    CCCI_LISTEN: `${gateway}:${PORTS[service]}`,
  };
  const wanted = createHash("sha256")
    .update(JSON.stringify([env, Deno.execPath(), await newest(paths, service)])).digest("hex");
  const running = ownService(paths, service);
  const same = await Deno.readTextFile(files.mark).catch(() => "") === wanted;
  if (running !== undefined && same && await answersInTime(() => serviceAnswers(service, gateway))) {
    step.done("already running");
    return;
  }
  await stopProcess(running, { graceMs: STOP_MS });
  await Deno.mkdir(files.state, { recursive: true });
  step.update("starting");
  const { log, pidFile } = files;
  const argv = command(service, { paths, gateway, env });
  const id = await startDetached(argv, { cwd: paths.repo, env, log, pidFile });
  await Deno.writeTextFile(files.mark, wanted);
  const answers = () => serviceAnswers(service, gateway);
  await untilAnswers(id, { name: `the ${service}`, log, answers, readyMs: READY_MS });
}

/**
 * The program with its permission set. A flag replaces everything that the set says of that kind, so each flag given
 * here, for addresses and paths that only this stack knows, names all that the program needs of its kind.
 */
function command(
  service: Service,
  { paths, gateway, env }: { paths: Paths; gateway: string; env: Record<string, string> },
): string[] {
  // The local engine of the bridge starts the harness, which the production set does not allow.
  const set = service === "bridge" && env.CCCI_ENGINE === "local" ? "bridge-local" : service;
  const { state } = serviceFiles(paths, service);
  const listen = `${gateway}:${PORTS[service]}`;
  const files = Object.entries(env).filter(([name]) =>
    name === "CCCI_CA_FILE" || name.endsWith("_TOKEN_FILE")
  );
  const places = {
    net: service === "bridge" ? [listen, INGRESS] : [listen],
    read: [state, join(paths.programs.folder, "recipes"), ...files.map(([, file]) => file)],
    write: [state],
  };
  return startCommand(service, { home: paths.programs, set, places });
}

/** Whether it answers that it is healthy. */
export async function serviceAnswers(service: Service, gateway: string): Promise<boolean> {
  return await isHealthy(`http://${gateway}:${PORTS[service]}/healthz`);
}

/** Waits until the proxy routes a name to the program behind it. */
export async function waitForRoute(url: string, { ca }: { ca: string }): Promise<void> {
  const fetchIngress = ingressFetch({ address: INGRESS, ca: await Deno.readTextFile(ca) }, {
    timeoutMs: 5_000,
  });
  await waitFor(async () => {
    try {
      return (await fetchIngress(url)).status === 200;
    } catch {
      return false;
    }
  }, { what: `${url} to answer through the proxy`, timeoutMs: READY_MS, everyMs: 150 });
}

/** This stack's process of a service, if it runs. */
export function ownService(paths: Paths, service: Service): ProcessId | undefined {
  const { pidFile, state } = serviceFiles(paths, service);
  return ownProcess(pidFile, (argv) => argv.includes(`--allow-write=${state}`));
}

export async function stopService(paths: Paths, service: Service): Promise<boolean> {
  return await stopProcess(ownService(paths, service), { graceMs: STOP_MS });
}

/**
 * Ends a part by SIGKILL, for tests of what the others then do.
 * @throws {StackError} if it does not run, or is no process of its own.
 */
export async function killPart(stack: { paths: Paths }, part: string): Promise<void> {
  const id = processOf(stack.paths, part);
  if (id === undefined) throw new StackError(`Could not kill "${part}": it does not run`);
  Deno.kill(id.pid, "SIGKILL");
  await waitFor(() => !isRunning(id), { what: `"${part}" to be gone`, timeoutMs: 60_000, everyMs: 20 });
}

function processOf(paths: Paths, part: string): ProcessId | undefined {
  if (part === "gitea") return ownGitea(paths);
  if (part === "dashboard" || part === "bridge") return ownService(paths, part);
  return undefined;
}

/** Latest modification among a service's sources, milliseconds since the epoch. */
async function newest(paths: Paths, service: Service): Promise<number> {
  let latest = 0;
  async function visit(path: string): Promise<void> {
    const info = await Deno.stat(path).catch(() => undefined);
    if (info === undefined) return;
    if (info.isDirectory) {
      for await (const entry of Deno.readDir(path)) await visit(join(path, entry.name));
    } else if (!path.endsWith("_test.ts")) latest = Math.max(latest, info.mtime?.getTime() ?? 0);
  }
  const { form, folder } = paths.programs;
  const sources = form === "source" ? SOURCES[service] : [`${service}.js`, "deno.json"];
  for (const source of sources) await visit(join(folder, source));
  return latest;
}

export const DASHBOARD_URL = `https://${BASE_DOMAIN}`;

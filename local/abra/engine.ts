import { exec, type ExecResult } from "../../common/exec.ts";
import { Fatal } from "./output.ts";

/** A service as far as the commands look at it (Engine API, `GET /services`). */
export interface Service {
  ID: string;
  Spec: {
    Name: string;
    Labels?: Record<string, string>;
    Mode: { Replicated?: { Replicas?: number }; Global?: unknown };
  };
  UpdateStatus?: { State?: string; Message?: string } | null;
}

/** One attempt to run a service (`GET /tasks`). */
export interface Task {
  ID: string;
  ServiceID: string;
  CreatedAt: string;
  DesiredState: string;
  Status: { State: string; Err?: string; Message?: string };
}

export interface Container {
  Id: string;
  Image: string;
  State: string;
  Status: string;
  Created: number;
  Labels: Record<string, string>;
  Ports?: { PublicPort?: number; PrivatePort: number; Type: string }[];
}

/** Reads from or writes to the Docker Engine. @throws {Fatal} if the engine refuses or cannot be reached. */
export async function engine<T>(path: string, options: { method?: string; body?: unknown } = {}): Promise<T> {
  const host = Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
  const { protocol, pathname } = new URL(host);
  const local = protocol === "unix:";
  const base = local ? "http://docker" : host.replace(/^tcp:/, "http:").replace(/\/$/, "");
  // Deno's own client: Node's takes longer to load than most calls take.
  using client = Deno.createHttpClient(local ? { proxy: { transport: "unix", path: pathname } } : {});
  const { status, text } = await fetch(base + path, {
    client,
    method: options.method ?? "GET",
    ...(options.body === undefined
      ? {}
      : { body: JSON.stringify(options.body), headers: { "content-type": "application/json" } }),
  }).then(async (answer) => ({ status: answer.status, text: await answer.text() })).catch((cause) => {
    throw new Fatal(`Cannot connect to the Docker daemon at ${host}. Is the docker daemon running?`, {
      cause,
    });
  });
  if (status >= 400) throw new Fatal(`Error response from daemon: ${messageOf(text)}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message ?? text).trim();
  } catch {
    return text.trim();
  }
}

/** Query string for objects of one stack. */
function ofStack(stack: string): string {
  return `filters=${encodeURIComponent(JSON.stringify({ label: [`com.docker.stack.namespace=${stack}`] }))}`;
}

export function servicesOf(stack: string): Promise<Service[]> {
  return engine(`/services?${ofStack(stack)}`);
}

export function tasksOf(stack: string): Promise<Task[]> {
  return engine(`/tasks?${ofStack(stack)}`);
}

export function containersOf(stack: string): Promise<Container[]> {
  return engine(`/containers/json?${ofStack(stack)}`);
}

/** The newest running container of a service. @throws {Fatal} if there is none. */
export async function containerOf(service: string): Promise<string> {
  const filters = { label: [`com.docker.swarm.service.name=${service}`], status: ["running"] };
  const found = await engine<Container[]>(
    `/containers/json?filters=${encodeURIComponent(JSON.stringify(filters))}`,
  );
  const [newest] = found.toSorted((a, b) => b.Created - a.Created);
  if (newest === undefined) throw new Fatal(`no containers matching the ${service} filter found?`);
  return newest.Id;
}

/** Names of the volumes that carry the stack's label. */
export async function volumesOf(stack: string): Promise<string[]> {
  const { Volumes } = await engine<{ Volumes: { Name: string }[] | null }>(`/volumes?${ofStack(stack)}`);
  return (Volumes ?? []).map(({ Name }) => Name).sort();
}

/** Swarm secrets, id by name. Those of an app are known by name alone: abra puts no labels on them. */
export async function secretIds(): Promise<Map<string, string>> {
  const secrets = await engine<{ ID: string; Spec: { Name: string } }[]>("/secrets");
  return new Map(secrets.map(({ ID, Spec }) => [Spec.Name, ID]));
}

/**
 * Runs the docker client so that nothing but the app's own settings can be interpolated: no PATH, no HOME, nothing
 * of the caller's environment, except how to reach the engine.
 */
export async function docker(
  args: string[],
  options: { appEnv?: Record<string, string> } = {},
): Promise<ExecResult> {
  const { argv, env } = client(args);
  return await exec(argv, { clearEnv: true, env: { ...options.appEnv, ...env }, timeoutMs: 120_000 });
}

/** Runs the docker client on the caller's own input and output. Answers its exit code. */
export async function dockerAttached(args: string[]): Promise<number> {
  const { argv: [program = "docker", ...rest], env } = client(args);
  return (await new Deno.Command(program, { args: rest, clearEnv: true, env }).spawn().status).code;
}

function client(args: string[]): { argv: string[]; env: Record<string, string> } {
  const caller = Deno.env.toObject();
  const config = caller.DOCKER_CONFIG ?? `${caller.HOME ?? "/root"}/.docker`;
  return {
    argv: [programPath("docker"), "--config", config, ...args],
    env: Object.fromEntries(Object.entries(caller).filter(([name]) => name.startsWith("DOCKER_"))),
  };
}

/** Whether this client's `stack deploy` has `--detach`: newer ones print advice without it, older ones refuse it. */
export async function knowsDetach(): Promise<boolean> {
  return (await docker(["stack", "deploy", "--help"])).stdout.includes("--detach");
}

function programPath(program: string): string {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${folder}/${program}`).isFile) return `${folder}/${program}`;
    } catch { /* not there */ }
  }
  throw new Fatal(`"${program}" is not on PATH`);
}

/**
 * Whether this kernel has IPVS, which Swarm's virtual service addresses need. `CCCI_IPVS=yes|no` decides it without
 * a look at the kernel.
 */
export async function hasIpvs(): Promise<boolean> {
  const decided = Deno.env.get("CCCI_IPVS");
  if (decided === "yes" || decided === "no") return decided === "yes";
  try {
    Deno.statSync("/proc/net/ip_vs");
    return true;
  } catch { /* perhaps a module that is not loaded yet */ }
  for (const modprobe of ["modprobe", "/sbin/modprobe", "/usr/sbin/modprobe"]) {
    try {
      return (await exec([modprobe, "--dry-run", "--quiet", "ip_vs"], { timeoutMs: 5_000 })).success;
    } catch { /* not under this name */ }
  }
  return false;
}

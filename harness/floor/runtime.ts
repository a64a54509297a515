import { filterRules, type Places, placesIn, resolversIn, virtualAddressesIn } from "./packet_filter.ts";

/**
 * What `runtime.sh` makes of a container of a run before anything of it starts: no raw sockets, limits of memory,
 * processes and CPU, and rules of what it may speak to. It runs by itself, for each container anew, so it imports
 * nothing from elsewhere.
 */

/** What one container may use. The harness writes it down for each app: `<folder>/<stack>.json`. */
export interface ContainerLimits {
  memoryBytes: number;
  /** Processes and threads at one time. */
  processes: number;
  /** Processors' worth of time. */
  cpus: number;
}

/** The parts of an OCI configuration that are changed. Numbers are kept as they were written. */
interface Spec {
  process: { capabilities?: Record<string, string[] | null>; oomScoreAdj?: Num };
  linux: {
    resources?: {
      memory?: { limit?: Num; swap?: Num; reservation?: Num; disableOOMKiller?: boolean };
      cpu?: { shares?: Num; quota?: Num; period?: Num };
      pids?: { limit?: Num };
    };
  };
}

/** A number of the configuration as text: some are beyond what a number here can hold. */
class Num {
  readonly text: string;
  constructor(value: number | string) {
    this.text = String(value);
  }
  get value(): number {
    return Number(this.text);
  }
  toJSON(): unknown {
    return (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON(this.text);
  }
}

const PERIOD_US = 100_000;
/** Where other containers have 1024: under load those of the host itself go first. */
const SHARES = 256;
/** Of 1000: when the host has no memory left, the kernel looks here first. */
const OOM_SCORE = 500;

/** What holds for an app of which the harness has not said anything. */
export function defaultLimits(processors: number): ContainerLimits {
  return { memoryBytes: 1024 ** 3, processes: 1024, cpus: 0.9 * processors };
}

/**
 * @param config text of the container's `config.json`
 * @param options.swap whether the kernel counts swap, so that it can be limited
 * @returns the text to take its place. What is stricter already stays.
 */
export function withFloor(config: string, options: { limits: ContainerLimits; swap: boolean }): string {
  const { limits } = options;
  const spec = parse(config);
  const { capabilities } = spec.process;
  for (const [set, names] of Object.entries(capabilities ?? {})) {
    if (capabilities !== undefined && names !== null) {
      capabilities[set] = names.filter((name) => name !== "CAP_NET_RAW");
    }
  }
  spec.process.oomScoreAdj = new Num(Math.max(OOM_SCORE, spec.process.oomScoreAdj?.value ?? 0));

  const resources = spec.linux.resources ??= {};
  const memory = resources.memory ??= {};
  memory.limit = atMost(limits.memoryBytes, memory.limit);
  if (memory.reservation !== undefined) memory.reservation = atMost(memory.limit.value, memory.reservation);
  if (options.swap) memory.swap = memory.limit; // the sum of both, so none
  else delete memory.swap;
  memory.disableOOMKiller = false;

  (resources.pids ??= {}).limit = atMost(limits.processes, resources.pids.limit);

  const cpu = resources.cpu ??= {};
  const period = isPositive(cpu.period) ? cpu.period.value : PERIOD_US;
  cpu.quota = atMost(Math.round(limits.cpus * period), cpu.quota);
  cpu.period = new Num(period);
  cpu.shares = atMost(SHARES, cpu.shares);
  return JSON.stringify(spec);
}

/** Zero, less and nothing stand for no limit. */
function atMost(limit: number, there: Num | undefined): Num {
  return isPositive(there) && there.value <= limit ? there : new Num(limit);
}

function isPositive(number: Num | undefined): number is Num {
  return number !== undefined && number.value > 0;
}

function parse(config: string): Spec {
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? new Num(context?.source ?? String(value)) : value;
  return JSON.parse(config, keep) as Spec;
}

/** Reads what an app may use. @throws {Error} when what is written there makes no sense */
export function readLimits(text: string): ContainerLimits {
  const limits = JSON.parse(text) as Partial<Record<keyof ContainerLimits, unknown>>;
  const positive = (key: keyof ContainerLimits) => {
    const value = limits[key];
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
    throw new Error(`Could not read what the app may use: ${key} is "${String(value)}"`);
  };
  return {
    memoryBytes: positive("memoryBytes"),
    processes: positive("processes"),
    cpus: positive("cpus"),
  };
}

/** Docker's own record of a container; null where it cannot be read: what nothing is known of gets little. */
function readRecord(folder: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(`${folder}/config.v2.json`));
  } catch {
    return null;
  }
}

/** A label of the container. */
function labelIn(record: unknown, name: string): string | null {
  const { Config } = (record ?? {}) as { Config?: { Labels?: Record<string, unknown> | null } };
  const value = Config?.Labels?.[name];
  return typeof value === "string" && /^[a-zA-Z0-9_-]+$/.test(value) ? value : null;
}

/** Names that no DNS says, as lines of a file `hosts`. Only what looks like a name and an address gets into it. */
function hostsFor(stack: string | null, folder: string): string {
  if (stack === null) return "";
  try {
    const { hosts = {} } = JSON.parse(Deno.readTextFileSync(`${folder}/${stack}.json`)) as {
      hosts?: Record<string, unknown>;
    };
    return Object.entries(hosts).filter(([name, address]) =>
      /^[a-z0-9][a-z0-9.-]*$/.test(name) && /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(String(address))
    ).map(([name, address]) => `${address} ${name}\n`).join("");
  } catch {
    return "";
  }
}

function limitsFor(stack: string | null, folder: string): ContainerLimits {
  try {
    if (stack !== null) return readLimits(Deno.readTextFileSync(`${folder}/${stack}.json`));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return defaultLimits(navigator.hardwareConcurrency);
}

/** Files in which hosts name their resolvers; the second is the one that Docker takes where the first says loopback. */
const RESOLVERS = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
const ENGINE_CONFIGURATION = "/etc/docker/daemon.json";

function resolvers(): string[] {
  const read = (path: string) => {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return "";
    }
  };
  const told = /"dns"\s*:\s*\[([^\]]*)\]/.exec(read(ENGINE_CONFIGURATION))?.[1] ?? "";
  const words = [...told.matchAll(/"([^"]*)"/g)].map(([, address]) => `nameserver ${address}`);
  return [...RESOLVERS.map(read), words.join("\n")].flatMap(resolversIn);
}

/** How long the engine may take to say what addresses a service has. */
const ASK_MS = 5_000;

/** Addresses that stand for the service; none where it has none, or the engine does not say. */
async function virtualAddresses(socket: string, service: string): Promise<string[]> {
  try {
    using engine = await Deno.connect({ transport: "unix", path: socket });
    const patience = setTimeout(() => engine.close(), ASK_MS);
    const writer = engine.writable.getWriter();
    await writer.write(new TextEncoder().encode(`GET /services/${service} HTTP/1.0\r\nHost: docker\r\n\r\n`));
    const answer = await new Response(engine.readable).text().finally(() => clearTimeout(patience));
    return virtualAddressesIn(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))));
  } catch {
    return [];
  }
}

/** Writes for `network.sh` what the container may speak to, and where it is to be reached itself. */
function writeNetwork(bundle: string, stack: string | null, { own, shared }: Places): void {
  const folder = `${bundle}/cc-ci-floor`;
  Deno.mkdirSync(folder, { mode: 0o700 });
  // Addresses of a single link are closed anyway, and each container gives the host one more of them.
  const host = Deno.networkInterfaces().map(({ address }) => address).filter((address) =>
    !/^(127\.|::1$|fe80:)/i.test(address)
  );
  const around = { resolvers: resolvers(), host };
  for (const family of [4, 6] as const) {
    Deno.writeTextFileSync(`${folder}/rules${family}`, filterRules(family, around));
  }
  const lines = [
    ...(stack === null ? [] : [`stack ${stack}`]),
    ...own.map((address) => `own ${address}`),
    ...shared.map((address) => `shared ${address}`),
  ];
  Deno.writeTextFileSync(`${folder}/places`, lines.map((line) => `${line}\n`).join(""));
}

/** Shows that editing works, with the answer that the harness looks for. */
function check(folder: string): string {
  const sample = '{"process":{"capabilities":{"bounding":["CAP_NET_RAW"]}},"linux":{}}';
  const limits = defaultLimits(navigator.hardwareConcurrency);
  const works = !withFloor(sample, { limits, swap: true }).includes("CAP_NET_RAW");
  return JSON.stringify({ floor: works ? 2 : 0, folder });
}

async function main([swap, socket = "", bundle = "", folder = "", place]: string[]): Promise<void> {
  if (place === undefined) {
    writeNetwork(bundle, null, { own: [], shared: [] });
    Deno.stdout.writeSync(new TextEncoder().encode(`${check(folder)}\n`));
    return;
  }
  const record = readRecord(place);
  const stack = labelIn(record, "com.docker.stack.namespace");
  const path = `${bundle}/config.json`;
  const config = withFloor(Deno.readTextFileSync(path), {
    limits: limitsFor(stack, folder),
    swap: swap === "with-swap",
  });
  Deno.writeTextFileSync(path, config);
  const places = stack === null ? { own: [], shared: [] } : placesIn(record, stack);
  const service = labelIn(record, "com.docker.swarm.service.id");
  if (service !== null && places.shared.length > 0) {
    places.shared.push(...await virtualAddresses(socket, service));
  }
  writeNetwork(bundle, stack, places);
  Deno.writeTextFileSync(`${bundle}/cc-ci-floor/hosts`, hostsFor(stack, folder));
  Deno.writeTextFileSync(`${bundle}/cc-ci-floor/folder`, place);
}

if (import.meta.main) await main(Deno.args);

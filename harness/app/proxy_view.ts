import * as z from "zod";
import { CcciError } from "../../common/errors.ts";
import { ingressOf, serviceFetch } from "../../common/ingress.ts";
import type { Settings } from "../run/settings.ts";

/** Milliseconds; the proxy answers from memory. */
const ASK_MS = 5_000;

const protocols = ["http", "tcp", "udp"] as const;
const sections = ["routers", "services", "middlewares"] as const;
type Protocol = typeof protocols[number];
type Section = typeof sections[number];

/** A router, service or middleware as Traefik's API shows it: its settings, and what Traefik thinks of them. */
export type Shown = z.infer<typeof shown>;
const shown = z.looseObject({
  /** `enabled`, `warning`, or `disabled`. */
  status: z.string().default("enabled"),
  error: z.array(z.string()).default([]),
});
const table = z.record(z.string(), shown).nullish().transform((all) => all ?? {});

/** The parts of `/api/rawdata` that are read. @see https://doc.traefik.io/traefik/operations/api/ */
const rawData = z.object({
  routers: table,
  services: table,
  middlewares: table,
  tcpRouters: table,
  tcpServices: table,
  tcpMiddlewares: table,
  udpRouters: table,
  udpServices: table,
});

/** What the proxy has read from the labels of Swarm services. */
export class ProxyView {
  readonly #tables: Record<Protocol, Partial<Record<Section, ReadonlyMap<string, Shown>>>>;

  constructor(answer: unknown) {
    const raw = rawData.parse(answer);
    this.#tables = {
      http: {
        routers: ofSwarm(raw.routers),
        services: ofSwarm(raw.services),
        middlewares: ofSwarm(raw.middlewares),
      },
      tcp: {
        routers: ofSwarm(raw.tcpRouters),
        services: ofSwarm(raw.tcpServices),
        middlewares: ofSwarm(raw.tcpMiddlewares),
      },
      udp: { routers: ofSwarm(raw.udpRouters), services: ofSwarm(raw.udpServices) },
    };
  }

  /** What is called so in the labels; undefined where the proxy has no such thing. */
  find(what: { protocol: string; section: string; name: string }): Shown | undefined {
    const protocol = protocols.find((one) => one === what.protocol);
    const section = sections.find((one) => one === what.section);
    if (protocol === undefined || section === undefined) return undefined;
    return this.#tables[protocol][section]?.get(what.name.toLowerCase());
  }

  /** The HTTP routers that the labels of Swarm services have made, by name. */
  get routers(): ReadonlyMap<string, Shown> {
    return this.#tables.http.routers ?? new Map();
  }
}

/**
 * Whether an enabled router takes all requests for a domain to a server. Rules with more than hosts are left out: what
 * they match is Traefik's to say.
 */
export function hasRoute(view: ProxyView, domain: string): boolean {
  return [...view.routers.values()].some((router) => {
    const { rule, service, status } = router;
    const hosts = typeof rule === "string" ? hostsOf(rule) : null;
    if (status === "disabled" || typeof service !== "string" || !hosts?.includes(domain)) return false;
    const name = service.replace(/@.*$/, "");
    return serversOf(view.find({ protocol: "http", section: "services", name })).length > 0;
  });
}

/** The hosts of a rule such as ``Host(`a`) || Host(`b`, `c`)``; null for any other rule. */
function hostsOf(rule: string): string[] | null {
  const list = /^Host\(\s*(`[^`]+`(?:\s*,\s*`[^`]+`)*)\s*\)$/i;
  const hosts = rule.split("||").map((part) => list.exec(part.trim())?.[1]);
  if (hosts.includes(undefined)) return null;
  return hosts.flatMap((some) =>
    [...(some ?? "").matchAll(/`([^`]+)`/g)].map(([, host = ""]) => host.toLowerCase())
  );
}

/** A server to which the proxy may send requests. */
export interface Server {
  scheme: string;
  host: string;
  port: string;
}

/** The servers of a service of the proxy. */
export function serversOf(service: Shown | undefined): Server[] {
  const { success, data } = balanced.safeParse(service);
  return (success ? data.loadBalancer.servers : []).flatMap(({ url, address }): Server[] => {
    const [, scheme = "http", host = "", port = ""] =
      /^(?:([a-z0-9+]+):\/\/)?\[?(.*?)\]?:([0-9]+)(?:\/.*)?$/.exec(url ?? address ?? "") ?? [];
    return host === "" ? [] : [{ scheme, host, port }];
  });
}

const balanced = z.object({
  loadBalancer: z.object({
    servers: z.array(z.object({ url: z.string().optional(), address: z.string().optional() })),
  }),
});

/** Keeps what came from Swarm, by its name in lower case and without `@provider`. Traefik 2 called the provider docker. */
function ofSwarm(all: Record<string, Shown>): ReadonlyMap<string, Shown> {
  return new Map(
    Object.entries(all).flatMap(([name, one]) => {
      const [, own, provider] = /^(.*)@([^@]*)$/.exec(name) ?? [];
      return own === undefined || !["swarm", "docker"].includes(provider ?? "")
        ? []
        : [[own.toLowerCase(), one] as const];
    }),
  );
}

/** The proxy's API did not answer, or not in the way expected. */
export class ProxyError extends CcciError {
  constructor(cause: unknown) {
    super("proxy.api", "Could not ask the proxy's API (CCCI_TRAEFIK_API) what it routes", { cause });
  }
}

/** Asks the proxy what it knows. @throws {ProxyError} */
export type AskProxy = (signal: AbortSignal) => Promise<ProxyView>;

/** The entry points of `/api/entrypoints`, of which only the names are read. */
const entryPointList = z.array(z.object({ name: z.string() }));

/** How the proxy can be asked, or null where `CCCI_TRAEFIK_API` says no address. */
export async function proxyApi(settings: Settings): Promise<AskProxy | null> {
  return await asking(settings, { path: "/api/rawdata", read: (answer) => new ProxyView(answer) });
}

/** How the proxy can be asked for the names of its entry points, or null where nobody says at which address. */
export async function proxyEntryPoints(
  settings: Settings,
): Promise<((signal: AbortSignal) => Promise<string[]>) | null> {
  const read = (answer: unknown) => entryPointList.parse(answer).map(({ name }) => name);
  return await asking(settings, { path: "/api/entrypoints", read });
}

async function asking<T>(
  settings: Settings,
  { path, read }: { path: string; read: (answer: unknown) => T },
): Promise<((signal: AbortSignal) => Promise<T>) | null> {
  const { TRAEFIK_API: address, BASE_DOMAIN: base } = settings;
  if (address === undefined) return null;
  const get = serviceFetch({ base, ingress: await ingressOf(settings) }, { timeoutMs: ASK_MS });
  const url = `${address.replace(/\/$/, "")}${path}`;
  return async (signal) => {
    try {
      const response = await get(url, { signal });
      if (response.status !== 200) throw new Error(`${url} answers with status ${response.status}`);
      return read(await response.json());
    } catch (cause) {
      signal.throwIfAborted();
      throw new ProxyError(cause);
    }
  };
}

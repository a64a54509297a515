import { parseDuration } from "../recipe/compose_values.ts";
import { type ProxyView, serversOf } from "./proxy_view.ts";

/** A service of the stack, as far as the proxy has to do with it. */
export interface LabelledService {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Its labels before its latest update; null: it had none. */
  before: Readonly<Record<string, string>> | null;
  /** Whether its latest update changed its endpoint: how it is reached, though no label and perhaps no task is new. */
  moved: boolean;
  /** The addresses of each of its running tasks. */
  tasks: readonly (readonly string[])[];
}

/** Something in which the proxy's view differs from the labels and tasks that the Engine has. */
export interface Difference {
  /** What is missing or too much, in a few words. */
  text: string;
  /** Whether the proxy still shows what was before, so that it certainly has not looked yet. */
  older: boolean;
}

/** A label that makes or changes one thing of the proxy's. */
interface ProxyLabel {
  protocol: string;
  section: string;
  name: string;
  /** Keys below that thing, in lower case. */
  path: string[];
}

/**
 * In what the proxy's view still differs from what the Engine has. Only labels that the latest update changed are
 * compared, because only these tell an old view from a new one; the servers are compared with the running tasks.
 */
export function differences(view: ProxyView, services: readonly LabelledService[]): Difference[] {
  return [
    ...services.flatMap((service) => labelDifferences(view, service)),
    ...serverDifferences(view, services),
  ];
}

/** The labels that the proxy reads; none where a label keeps it from reading any. */
export function proxyLabels(labels: Readonly<Record<string, string>> | null): Record<string, string> {
  const own = Object.entries(labels ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith("traefik."));
  const read = Object.fromEntries(own);
  return read["traefik.enable"]?.toLowerCase() === "false" ? {} : read;
}

function labelDifferences(view: ProxyView, service: LabelledService): Difference[] {
  const [before, after] = [proxyLabels(service.before), proxyLabels(service.labels)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name): Difference[] => {
    const [was, is] = [before[name], after[name]];
    if (was === is || name === "traefik.enable") return [];
    const label = parseLabel(name);
    if (label === null) return [{ text: `label ${name}, which its API does not show`, older: false }];
    const shows = (value: string) => shownAs(view, { label, value });
    if (is === undefined) {
      return shows(was ?? "") ? [{ text: `label ${name} is gone from the service`, older: false }] : [];
    }
    if (shows(is)) return [];
    return [{ text: `label ${name}=${is}`, older: was !== undefined && shows(was) }];
  });
}

function parseLabel(name: string): ProxyLabel | null {
  const [, protocol = "", section = "", own = "", rest = ""] =
    /^traefik\.(http|tcp|udp)\.(routers|services|middlewares)\.([^.]+)(?:\.(.*))?$/.exec(name) ?? [];
  if (own === "") return null;
  // `domains[0].main` is written `domains`, `0`, `main`.
  const path = rest === "" ? [] : rest.split(".").flatMap((part) => part.split(/[[\]]+/).filter(Boolean));
  return { protocol, section, name: own, path };
}

function shownAs(view: ProxyView, { label, value }: { label: ProxyLabel; value: string }): boolean {
  const shown = view.find(label);
  if (shown === undefined) return false;
  const [balancer, server, key] = label.path;
  if (label.section === "services" && balancer === "loadbalancer" && server === "server") {
    const servers = serversOf(shown);
    if (key === "port") return servers.length > 0 && servers.every((one) => one.port === value.trim());
    if (key === "scheme") return servers.length > 0 && servers.every((one) => one.scheme === value.trim());
  }
  return equal(below(shown, label.path), value);
}

function below(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.entries(at).find(([key]) => key.toLowerCase() === part)?.[1];
  }
  return at;
}

/** Whether the API shows what a label says. It shows lists as lists, and durations in a form of its own. */
function equal(shown: unknown, label: string): boolean {
  const wanted = label.trim();
  if (shown === undefined || shown === null) return wanted === "";
  if (typeof shown === "boolean" || typeof shown === "number") return String(shown) === wanted.toLowerCase();
  if (typeof shown === "string") {
    const seconds = parseDuration(shown);
    return bare(shown) === bare(wanted) || (seconds !== null && seconds === parseDuration(wanted));
  }
  if (Array.isArray(shown)) {
    const parts = wanted.split(",").map((part) => bare(part.trim()));
    return parts.length === shown.length && parts.every((part, at) => bare(String(shown[at])) === part);
  }
  return wanted === "" || wanted.toLowerCase() === "true"; // `tls=true` makes an object
}

/** A name without the provider that Traefik may have added. */
function bare(name: string): string {
  return name.replace(/@(swarm|docker)$/, "");
}

/** Compares the servers to which the proxy may send a request with the tasks that run. */
function serverDifferences(view: ProxyView, services: readonly LabelledService[]): Difference[] {
  const tasks = new Map<string, (readonly string[])[]>();
  for (const service of services) {
    const labels = proxyLabels(service.labels);
    if (Object.keys(labels).some((name) => /^traefik\.(swarm|docker)\.lbswarm$/.test(name))) continue;
    const own = Object.keys(labels).map(parseLabel).flatMap((label) =>
      label?.section === "services" ? [`${label.protocol}.${label.name}`] : []
    );
    for (const name of new Set(own)) tasks.set(name, [...tasks.get(name) ?? [], ...service.tasks]);
  }
  return [...tasks].flatMap(([name, running]) => {
    const [protocol = "", own = ""] = name.split(/\.(.*)/);
    const shown = view.find({ protocol, section: "services", name: own });
    const hosts = serversOf(shown).map((one) => one.host);
    if (!hosts.every((host) => /^[0-9.]+$|:/.test(host))) return []; // a label names the server
    const gone = hosts.filter((host) => !running.some((addresses) => addresses.includes(host)));
    const unknown = running.filter((addresses) => !addresses.some((address) => hosts.includes(address)));
    return [
      ...gone.map((host) => ({
        text: `server ${host}, whose task Swarm does not want any more`,
        older: true,
      })),
      ...unknown.map(() => ({ text: `a running task of ${own} as a server`, older: false })),
    ];
  });
}

/** Which entry points the labels of routers name that the proxy does not have, one phrase for each router. */
export function unknownEntryPoints(
  existing: readonly string[],
  services: readonly Pick<LabelledService, "labels">[],
): string[] {
  const known = existing.map((name) => name.toLowerCase());
  return services.flatMap(({ labels }) =>
    Object.entries(proxyLabels(labels)).flatMap(([name, value]) => {
      const label = parseLabel(name);
      if (label?.section !== "routers" || label.path.join() !== "entrypoints") return [];
      const unknown = value.split(",").map((one) => one.trim()).filter((one) =>
        one !== "" && !known.includes(one.toLowerCase())
      );
      const named = unknown.map((one) => `"${one}"`).join(", ");
      return unknown.length === 0
        ? []
        : [`router "${label.name}" names the entry point ${named}, and the proxy has ${existing.join(", ")}`];
    })
  );
}

/** What Traefik says is wrong with the routers and services that the labels make. */
export function complaints(
  view: ProxyView,
  services: readonly Pick<LabelledService, "labels">[],
): string[] {
  const labels = services.flatMap((service) => Object.keys(proxyLabels(service.labels)).map(parseLabel));
  const things = new Map(
    labels.flatMap((label) =>
      label === null ? [] : [[`${label.protocol}.${label.section}.${label.name}`, label]]
    ),
  );
  return [...things.values()].flatMap((label) => {
    const shown = view.find(label);
    const what = `${label.section.slice(0, -1)} "${label.name}"`;
    if (shown === undefined) return [`the proxy has no ${what}`];
    return shown.error.length === 0 ? [] : [`the proxy says of ${what}: ${shown.error.join(", ")}`];
  });
}

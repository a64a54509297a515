import { parseEnvFile, type Setting, toEnvironment } from "../../common/env_file.ts";
import { steersDeploys } from "../../common/steering.ts";
import { reached } from "../confinement/traefik_rule.ts";
import { portsOf } from "../lint/merged_ports.ts";
import { type Compose, objectName } from "../recipe/compose.ts";
import { asMap, deployLabels, type ServiceDefinition } from "../recipe/compose_services.ts";
import { itemsOf, parseDuration } from "../recipe/compose_values.ts";
import { readInside } from "../recipe/inside_checkout.ts";

/** What can be seen of a recipe that its enrolment may have to say. */

/** Where a visitor finds an app, as far as its compose files say. */
export interface Paths {
  /**
   * The path that a health check asks for, be it of service `app` or of the only one that asks for another than `/`.
   * Where it is known which services visitors get to, those of others do not count.
   */
  health: string | null;
  /** The page that opens first. */
  front: string;
}

/** The paths of an app, as the proxy has to be asked for them. */
export function paths(services: Readonly<Record<string, ServiceDefinition>>, domain: string): Paths {
  const below = prefixOf(services, domain);
  const all = Object.entries(services);
  const open = all.filter(([, service]) => waysTo(service, domain).length > 0);
  const asked = (open.length > 0 ? open : all).flatMap(([service, definition]) => {
    const path = askedPath(definition);
    return path === null || path === "/" ? [] : [{ service, path }];
  });
  const found = asked.find(({ service }) => service === "app") ?? (asked.length === 1 ? asked[0] : undefined);
  if (below === null) return { health: found?.path ?? null, front: "/" };
  const { prefix, stripped } = below;
  if (stripped) return { health: found === undefined ? null : prefix + found.path, front: `${prefix}/` };
  return { health: found?.path.startsWith(prefix) ? found.path : null, front: prefix };
}

/** The path that a service's health check asks its web server for, at the port to which the proxy sends visitors. */
function askedPath(service: ServiceDefinition): string | null {
  const test = asMap(service.healthcheck).test;
  const text = Array.isArray(test)
    ? itemsOf(test).map(([, part]) => String(part)).join(" ")
    : String(test ?? "");
  const [, scheme = "http", port, path] =
    /(?:(https?):\/\/|(?<=^|[\s"'=]))(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\$\{?HOSTNAME\}?)(?::(\d+))?(\/[\w./~-]*)/
      .exec(text) ?? [];
  if (path === undefined) return null;
  const routed = Object.entries(deployLabels(service))
    .flatMap(([name, value]) =>
      /^traefik\.http\.services\..+\.server\.port$/i.test(name) ? [value.trim()] : []
    );
  const at = port ?? (scheme === "https" ? "443" : "80");
  return routed.length === 0 || routed.includes(at) ? path : null;
}

/** The path below which alone the proxy sends requests for a domain to its services; null: it sends all. */
function prefixOf(
  services: Readonly<Record<string, ServiceDefinition>>,
  domain: string,
): { prefix: string; stripped: boolean } | null {
  const ways = Object.values(services).flatMap((service) => waysTo(service, domain));
  const [first] = ways;
  if (first === undefined || ways.includes(null)) return null;
  const prefix = (first ?? "").replace(/\/+$/, "");
  const stripped = Object.values(services).flatMap((service) => Object.entries(deployLabels(service)))
    .some(([name, value]) =>
      /\.stripprefix\.prefixes$/i.test(name) && value.split(",").some((one) => one.trim() === prefix)
    );
  return prefix === "" ? null : { prefix, stripped };
}

/** The path below which each router of a domain that leads to a service has its requests; null: it has them all. */
function waysTo(service: ServiceDefinition, domain: string): (string | null)[] {
  return Object.entries(deployLabels(service)).flatMap(([name, value]) => {
    if (!/^traefik\.http\.routers\..+\.rule$/i.test(name)) return [];
    const way = reached(value);
    return way?.hosts.includes(domain) ? [way.path] : [];
  });
}

/** Seconds that the recipe gives its services to become healthy, whole minutes. */
export function neededSeconds(
  services: Readonly<Record<string, ServiceDefinition>>,
  { root }: { root: string },
): number {
  const checks = Object.values(services).map(({ healthcheck }) => {
    const { start_period, interval, retries } = asMap(healthcheck);
    const patience = (parseDuration(interval) ?? 30) * (Number(retries) || 3);
    return start_period === undefined ? 0 : (parseDuration(start_period) ?? 0) + patience;
  });
  const said = Number(sampleOf(root).TIMEOUT) || 0;
  return Math.ceil(Math.max(said, ...checks) / 60) * 60;
}

/** The compose files that `.env.sample` switches on, and those of the recipe that it leaves out. */
export function unusedOverlays(root: string): { on: string[]; off: string[] } {
  const on = (sampleOf(root).COMPOSE_FILE ?? "compose.yml").split(":").filter((name) => name !== "");
  const off = [...Deno.readDirSync(root)].filter(({ isFile }) => isFile).map(({ name }) => name)
    .filter((name) => /^compose\..+\.ya?ml$/.test(name) && !on.includes(name)).sort();
  return { on, off };
}

/**
 * `COMPOSE_FILE` with further overlays: as a line of the sample that is commented out shows them together, which leaves
 * out what they are an alternative to and has what they need; without such a line, what is on and these.
 */
export function composeFileWith(root: string, wanted: readonly string[]): string {
  const shown = commentedOut(root)
    .filter(({ name, value }) => name === "COMPOSE_FILE" && !value.startsWith(":"))
    .map(({ value }) => value.split(":"))
    .filter((files) => files.every((file) => readInside(root, file) !== null))
    .filter((files) => wanted.every((file) => files.includes(file)))
    .toSorted((a, b) => a.length - b.length);
  return (shown[0] ?? [...unusedOverlays(root).on, ...wanted]).join(":");
}

/** TCP ports of containers that are published: those of a service that do not come by the proxy. */
export function publishedTcp(compose: Pick<Compose, "files">): { service: string; tcp: number }[] {
  const found = compose.files.flatMap((file) =>
    Object.keys(asMap(file.doc.services)).flatMap((service) =>
      portsOf(file, service).filter(({ protocol }) => protocol === "tcp").map(({ target }) => ({
        service,
        tcp: Number(target),
      }))
    )
  ).filter(({ tcp }) => Number.isInteger(tcp) && tcp >= 1 && tcp <= 65_535);
  return [...new Map(found.map((one) => [`${one.service}:${one.tcp}`, one])).values()];
}

/** What a domain is called that as a rule is somebody else's: a server for mail or data, or another recipe's app. */
const ELSEWHERE =
  /(^|_)(E?MAIL|SMTP|IMAP|POP3?|DB|DATABASE|POSTGRES(QL)?|PG|MYSQL|MARIADB|MONGO(DB)?|REDIS|LDAP|OIDC|OAUTH2?|SSO|SAML|KEYCLOAK|AUTHENTIK|AUTHELIA|COLLABORA|ONLYOFFICE)(_|$)/i;

/** A setting of the sample that names an example's domain. */
export interface OtherDomain {
  setting: string;
  value: string;
  /** What the domain may be called in `extra_domains`. */
  name: string;
  /** Whether its name says that the app itself answers there. */
  likelyOwn: boolean;
}

/**
 * Settings that name a domain, apart from the app's own and from what steers the host: those by which the proxy routes,
 * and those that the sample gives an example's domain.
 * @param on the compose files that count
 */
export function otherDomains(
  { root, recipe }: { root: string; recipe: string },
  on: readonly string[] = unusedOverlays(root).on,
): OtherDomain[] {
  const sample = sampleOf(root);
  const routed = routedSettings(root, on);
  const main = mainDomain(root, on);
  const own = ["", sample.DOMAIN, `${recipe}.example.com`];
  return [...new Set([...Object.keys(sample), ...routed])].flatMap((setting) => {
    const value = sample[setting] ?? "";
    if (setting === "DOMAIN" || setting === main || steersDeploys(setting)) return [];
    const isRouted = routed.has(setting);
    if (value === "" ? !isRouted : own.includes(value)) return [];
    if (!isRouted && !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.example\.(com|org|net)$/.test(value)) return [];
    const name = setting.toLowerCase().replace(/_?(domain|host|hostname|fqdn)$/, "")
      .replace(/[^a-z0-9]+/g, "-").replace(/^-+/, "").slice(0, 20).replace(/-+$/, "");
    const likelyOwn = isRouted || (/DOMAIN$/i.test(setting) && !ELSEWHERE.test(setting));
    return [{ setting, value, name: name || "other", likelyOwn }];
  });
}

/** The setting that holds the app's domain: another one than `DOMAIN` where the proxy does not route by that. */
export function mainDomain(root: string, on: readonly string[] = unusedOverlays(root).on): string {
  if (routedHosts(root, on).some((host) => /\$\{?DOMAIN\b/.test(host))) return "DOMAIN";
  return [...routedSettings(root, on)][0] ?? "DOMAIN";
}

/** Settings that are a whole host in a rule of the proxy. */
function routedSettings(root: string, on: readonly string[]): Set<string> {
  return new Set(
    routedHosts(root, on).flatMap((host) => {
      const [, braced, bare] = /^\$(?:\{(\w+)(?:[:?+-][^}]*)?\}|(\w+))$/.exec(host) ?? [];
      return braced ?? bare ?? [];
    }),
  );
}

/** Hosts in the rules of the proxy, as they are written. */
function routedHosts(root: string, on: readonly string[]): string[] {
  const lines = on.flatMap((file) => (readInside(root, file) ?? "").split("\n"))
    .filter((line) => !/^\s*#/.test(line));
  return lines.flatMap((line) =>
    [...line.matchAll(/\bHost(?:SNI|Header)?\(([^)]*)\)/g)]
      .flatMap(([, hosts = ""]) => [...hosts.matchAll(/`([^`]*)`/g)].map(([, host = ""]) => host))
  );
}

/** Settings of a new app in which the domain of the example stands yet, each with what it should be. */
export function ownAddresses(settings: readonly Setting[], { root }: { root: string }): Map<string, string> {
  const { DOMAIN: example = "" } = sampleOf(root);
  const found = new Map<string, string>();
  if (!example.includes(".")) return found;
  const host = new RegExp(`(?<![\\w.@-])${RegExp.escape(example)}(?![\\w-]|\\.\\w)`, "g");
  for (const { name, value } of settings) {
    if (steersDeploys(name) || /[{}]/.test(value)) continue;
    const filled = value.replaceAll(host, "{domain}");
    if (filled !== value) found.set(name, filled);
  }
  return found;
}

/** The setting that gives a secret its version, where the sample has it commented out. */
export function shownVersion(
  { files }: Pick<Compose, "files">,
  { root, key }: { root: string; key: string },
): Setting | null {
  const names = files.map(({ raw }) => objectName(asMap(asMap(raw).secrets)[key], key) ?? "");
  const wanted = names.map((name) => /\$\{?(\w+)[^}]*\}?$/.exec(name)?.[1]).findLast((one) =>
    one !== undefined
  );
  return commentedOut(root).find(({ name, value }) => name === wanted && /^\w+$/.test(value)) ?? null;
}

/** Settings that the sample has commented out. What refers to another one comes without its value. */
function commentedOut(root: string): Setting[] {
  return (readInside(root, ".env.sample") ?? "").split("\n")
    .filter((line) => /^\s*#/.test(line))
    .flatMap((line) => parseEnvFile(line.replace(/^[\s#]+/, "")));
}

function sampleOf(root: string): Record<string, string> {
  return toEnvironment(parseEnvFile(readInside(root, ".env.sample") ?? ""));
}

import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { steersDeploys } from "../../common/steering.ts";
import { portsOf } from "../lint/merged_ports.ts";
import type { Compose } from "../recipe/compose.ts";
import { asMap, type ServiceDefinition } from "../recipe/compose_services.ts";
import { itemsOf, parseDuration } from "../recipe/compose_values.ts";
import { readInside } from "../recipe/inside_checkout.ts";

/** What can be seen of a recipe that its enrolment may have to say. */

/** The path that the health check of a web server asks for, be it of service `app` or the only one that asks. */
export function healthPath(services: Readonly<Record<string, ServiceDefinition>>): string | null {
  const asked = Object.entries(services).flatMap(([service, { healthcheck }]) => {
    const test = asMap(healthcheck).test;
    const text = Array.isArray(test)
      ? itemsOf(test).map(([, part]) => String(part)).join(" ")
      : String(test ?? "");
    const path =
      /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\$\{?HOSTNAME\}?)(?::\d+)?(\/[\w./~-]*)/.exec(
        text,
      )?.[1];
    return path === undefined || path === "/" ? [] : [{ service, path }];
  });
  return (asked.find(({ service }) => service === "app") ?? (asked.length === 1 ? asked[0] : undefined))
    ?.path ?? null;
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

/** Settings of the sample that name an example's domain, apart from the app's own and from what steers the host. */
export function otherDomains({ root }: { root: string }): OtherDomain[] {
  return parseEnvFile(readInside(root, ".env.sample") ?? "").flatMap(({ name: setting, value }) => {
    if (setting === "DOMAIN" || steersDeploys(setting)) return [];
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*\.example\.(com|org|net)$/.test(value)) return [];
    const name = setting.toLowerCase().replace(/_?(domain|host|hostname|fqdn)$/, "")
      .replace(/[^a-z0-9]+/g, "-").replace(/^-+/, "").slice(0, 20).replace(/-+$/, "");
    const likelyOwn = /DOMAIN$/i.test(setting) && !ELSEWHERE.test(setting);
    return [{ setting, value, name: name || "other", likelyOwn }];
  });
}

function sampleOf(root: string): Record<string, string> {
  return toEnvironment(parseEnvFile(readInside(root, ".env.sample") ?? ""));
}

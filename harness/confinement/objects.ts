import { type Compose, type ComposeFile, isExternal, objectName } from "../recipe/compose.ts";
import { composeServices } from "../recipe/compose_services.ts";
import { entriesOf, isRecord, itemsOf, namesOf } from "../recipe/compose_values.ts";
import { joinedNetworks, PROXY } from "../recipe/shared_names.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";

const dockerName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const networkOptions = new Set(["encrypted", "com.docker.network.driver.mtu"]);
/** A private network, no larger than a /16. */
const ownSubnet =
  /^(10\.[0-9]{1,3}|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.[0-9]{1,3}\.[0-9]{1,3}\/(1[6-9]|2[0-9]|30)$/;
const kinds = { networks: "Network", volumes: "Volume", configs: "Config", secrets: "Secret" } as const;

interface ObjectScope {
  report: ScopedReport;
  stack: string;
  domains: readonly string[];
  compose: Compose;
}

/** Networks, volumes, configs and secrets: whose they are, what they are called, what drives them. */
export function checkObjects(file: ComposeFile, scope: ObjectScope): void {
  for (const section of ["networks", "volumes", "configs", "secrets"] as const) {
    for (const [key, definition] of entriesOf(file.doc[section])) {
      if (isRecord(definition)) checkName(key, { section, definition, ...scope });
    }
  }
  checkNetworks(file, scope);
  for (const section of ["configs", "secrets"] as const) {
    for (const [key, definition] of entriesOf(file.doc[section])) {
      if (!isRecord(definition)) continue;
      for (const option of ["driver", "driver_opts"]) {
        if (definition[option] === undefined) continue;
        scope.report("confine.driver", [section, key, option], {
          message: `${kinds[section]} ${quote(key)} comes from the driver ${quote(definition[option])}`,
          subject: key,
        });
      }
      const { template_driver: filler } = definition;
      if (filler === undefined || filler === null || filler === "" || filler === "golang") continue;
      scope.report("confine.driver", [section, key, "template_driver"], {
        message: `${kinds[section]} ${quote(key)} is filled in by the driver ${quote(filler)}`,
        subject: String(filler),
      });
    }
  }
}

function checkName(
  key: string,
  { section, definition, report, stack }: ObjectScope & {
    section: keyof typeof kinds;
    definition: Record<string, unknown>;
  },
): void {
  const name = objectName(definition, key);
  if (name === undefined) return; // Docker puts the stack's name before the key
  const own = name.startsWith(`${stack}_`) && dockerName.test(name);
  const external = isExternal(definition);
  if (own || (external && section === "networks" && name === PROXY)) return;
  const path = [section, key, definition.name === undefined ? "external" : "name"];
  const subject = name;
  const hint = "Write the name as ${STACK_NAME}_…";
  if (external) {
    report("confine.external", path, {
      message: `${kinds[section]} ${quote(key)} is ${quote(name)}, which belongs to someone else`,
      subject,
      hint: section === "networks" ? `${hint}, or use the network "${PROXY}"` : hint,
    });
  } else {
    report("confine.name", path, {
      message: `${kinds[section]} ${quote(key)} is called ${quote(name)}, outside the app's own names`,
      subject,
      hint,
    });
  }
}

function checkNetworks(file: ComposeFile, { report, stack, domains, compose }: ObjectScope): void {
  const shared = new Set([PROXY]);
  for (const [key, definition] of compose.files.flatMap((each) => entriesOf(each.doc.networks))) {
    if (objectName(definition, key) === PROXY) shared.add(key);
  }
  for (const [key, definition] of entriesOf(file.doc.networks)) {
    if (!isRecord(definition)) continue;
    const ipam = isRecord(definition.ipam) ? definition.ipam.driver : undefined;
    for (
      const [at, driver, allowed] of [["driver", definition.driver, "overlay"], ["ipam", ipam, "default"]]
    ) {
      if (driver === undefined || driver === null || driver === "" || driver === allowed) continue;
      report(driver === "host" ? "confine.host-network" : "confine.driver", ["networks", key, String(at)], {
        message: `Network ${quote(key)} uses the driver ${quote(driver)}`,
        subject: String(driver),
      });
    }
    const pools = isRecord(definition.ipam) ? itemsOf(definition.ipam.config) : [];
    for (const [index, pool] of pools) {
      const subnet = isRecord(pool) ? pool.subnet : undefined;
      if (subnet === undefined || ownSubnet.test(String(subnet))) continue;
      report("confine.driver", ["networks", key, "ipam", "config", index, "subnet"], {
        message: `Network ${quote(key)} takes the addresses ${quote(subnet)}`,
        subject: String(subnet),
        hint: "Leave it out, or take a private network of at most 65,536 addresses",
      });
    }
    for (const [option] of entriesOf(definition.driver_opts)) {
      if (networkOptions.has(option)) continue;
      report("confine.driver", ["networks", key, "driver_opts", option], {
        message: `Network ${quote(key)} sets the driver option ${quote(option)}`,
        subject: option,
      });
    }
    if (definition.ingress !== undefined && definition.ingress !== false) {
      report("confine.host-network", ["networks", key, "ingress"], {
        message: `Network ${quote(key)} would be Swarm's ingress network`,
        subject: key,
      });
    }
  }
  const merged = composeServices(compose);
  for (const [service, definition] of entriesOf(file.doc.services)) {
    if (!isRecord(definition)) continue;
    const joined = [...namesOf(definition.networks), ...joinedNetworks(merged[service] ?? definition)];
    if (joined.some(({ name }) => shared.has(name))) {
      checkOwnNames(service, { definition, report, stack, domains });
    }
    for (const { name, at, definition: attachment } of namesOf(definition.networks)) {
      const path = ["services", service, "networks", at];
      if (["host", "none", "bridge", "ingress"].includes(name)) {
        report("confine.host-network", path, {
          message: `Service ${quote(service)} joins the network ${quote(name)}`,
          subject: name,
        });
      }
      if (!shared.has(name) || !isRecord(attachment)) continue;
      for (const [index, alias] of itemsOf(attachment.aliases)) {
        const text = String(alias);
        if (isOwnName(text, { stack, domains })) continue;
        report("confine.alias", [...path, "aliases", index], {
          message: `Service ${quote(service)} calls itself ${
            quote(text)
          } on the network shared with other apps`,
          subject: text,
          hint: "Start the alias with ${STACK_NAME}_",
        });
      }
    }
  }
}

/**
 * Names that many stacks have for what they keep to themselves, and those of services every host has. On the shared
 * network the answer to such a name may come from anybody's service.
 */
const othersNames =
  /^(db|database|postgres|postgresql|pg|mysql|mariadb|mongo|mongodb|redis|valkey|keydb|cache|memcached|rabbitmq|elasticsearch|opensearch|meilisearch|typesense|minio|s3|ldap|smtp|mail|mailer|queue|broker|socket-proxy|socketproxy|docker|dockerd|traefik|proxy|gateway|registry|drone|gitea|forgejo|git|bridge|dashboard|backup|backupbot|backup-bot|localhost|host|metadata|ci|forge|wpad|isatap)([-_]?[0-9]+)?$/i;

/** What a service on the shared network is called there: its key, its host name. */
function checkOwnNames(
  service: string,
  { definition, report, stack, domains }: Pick<ObjectScope, "report" | "stack" | "domains"> & {
    definition: Record<string, unknown>;
  },
): void {
  const where = "on the network shared with other apps";
  // Another app's service is called by its domain and key, example_org_app: these names have signs in common.
  const apps = stack.slice(stack.indexOf("_"));
  if (
    othersNames.test(service) || service.includes(".") ||
    ((service.includes(apps) || service.split("_").length > 2) && !isOwnName(service, { stack, domains }))
  ) {
    report("confine.alias", ["services", service], {
      message: `Service ${quote(service)} has a name ${where} that others may have as well`,
      subject: service,
      hint: "Take it off that network, or give it a name that only this app would use",
    });
  }
  for (const key of ["hostname", "domainname"]) {
    const value = definition[key];
    if (value === undefined || value === null || value === "") continue;
    const name = String(value);
    if (name === service || isOwnName(name, { stack, domains })) continue;
    report("confine.alias", ["services", service, key], {
      message: `Service ${quote(service)} calls itself ${quote(name)} ${where}`,
      subject: name,
      hint: "Leave it out, or use ${DOMAIN}",
    });
  }
}

/** A name that only this app has: its stack's, one of its domains, or one below these. */
function isOwnName(name: string, { stack, domains }: Pick<ObjectScope, "stack" | "domains">): boolean {
  const lower = name.toLowerCase();
  return name === stack || name.startsWith(`${stack}_`) || name.startsWith(`${stack}-`) ||
    domains.some((domain) => lower === domain.toLowerCase() || lower.endsWith(`.${domain.toLowerCase()}`));
}

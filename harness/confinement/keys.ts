import type { ComposeFile } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, itemsOf } from "../recipe/compose_values.ts";
import { probablyMeant } from "../../common/spelling.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";

/** What may stand in a place: text or numbers, anything, or a mapping of these keys (`*`: of any). */
type Shape = "value" | "anything" | { readonly [key: string]: Shape };

const labels: Shape = { "*": "value" };
const file: Shape = { source: "value", target: "value", uid: "value", gid: "value", mode: "value" };
const update: Shape = {
  parallelism: "value",
  delay: "value",
  failure_action: "value",
  monitor: "value",
  max_failure_ratio: "value",
  order: "value",
};

/** Keys of a service that cannot reach beyond it, or that another file of this folder looks into, at every depth. */
const service: Shape = {
  build: "anything", // Swarm ignores it, as it does container_name, depends_on, links, profiles and restart
  cap_drop: "value",
  command: "value",
  configs: file,
  container_name: "value",
  depends_on: "anything",
  deploy: {
    mode: "value",
    replicas: "value",
    labels,
    update_config: update,
    rollback_config: update,
    resources: {
      limits: { cpus: "value", memory: "value", pids: "value" },
      reservations: {
        cpus: "value",
        memory: "value",
        devices: "anything", // these two have a rule of their own
        generic_resources: "anything",
      },
    },
    restart_policy: { condition: "value", delay: "value", max_attempts: "value", window: "value" },
    placement: { constraints: "value", preferences: { spread: "value" }, max_replicas_per_node: "value" },
    endpoint_mode: "value",
  },
  dns: "value",
  dns_search: "value",
  domainname: "value",
  entrypoint: "value",
  env_file: "anything",
  environment: { "*": "value" },
  expose: "value",
  extra_hosts: { "*": "value" },
  healthcheck: {
    test: "value",
    interval: "value",
    timeout: "value",
    retries: "value",
    start_period: "value",
    start_interval: "value",
    disable: "value",
  },
  hostname: "value",
  image: "value",
  init: "value",
  labels,
  links: "value",
  logging: { driver: "value", options: { "*": "value" } },
  mac_address: "value",
  networks: {
    "*": { aliases: "value", ipv4_address: "value", ipv6_address: "value", priority: "value" },
  },
  platform: "value",
  ports: { mode: "value", target: "value", published: "value", protocol: "value", name: "value" },
  profiles: "value",
  pull_policy: "value",
  read_only: "value",
  restart: "value",
  secrets: file,
  shm_size: "value",
  stdin_open: "value",
  stop_grace_period: "value",
  stop_signal: "value",
  tmpfs: "value",
  tty: "value",
  ulimits: { "*": { soft: "value", hard: "value" } },
  user: "value",
  volumes: {
    type: "value",
    source: "value",
    target: "value",
    read_only: "value",
    consistency: "value",
    bind: "anything", // mounts.ts refuses it
    volume: { nocopy: "value", subpath: "value" },
    tmpfs: { size: "value", mode: "value" },
  },
  working_dir: "value",
};

const object = { name: "value", external: { name: "value" }, labels } as const;

const document: Record<string, Shape> = {
  version: "value",
  services: { "*": service },
  networks: {
    "*": {
      ...object,
      driver: "value",
      driver_opts: { "*": "value" },
      internal: "value",
      attachable: "value",
      ingress: "value",
      ipam: { driver: "value", config: { subnet: "value" } },
    },
  },
  volumes: { "*": { ...object, driver: "value", driver_opts: { "*": "value" } } },
  configs: {
    "*": { ...object, file: "value", template_driver: "value", driver: "value", driver_opts: "anything" },
  },
  secrets: {
    "*": { ...object, file: "value", template_driver: "value", driver: "value", driver_opts: "anything" },
  },
};

/**
 * Keys at every depth that are not known to be safe. Docker adds some with every version, and what no rule looks at may
 * do anything.
 * @param refused keys of services that have been refused by a rule of their own
 */
export function checkKeys(
  { doc }: Pick<ComposeFile, "doc">,
  { report, refused }: { report: ScopedReport; refused: (key: string) => boolean },
): void {
  const walk = (value: unknown, { shape, path }: { shape: Shape; path: ComposePath }): void => {
    if (shape === "anything") return;
    for (const [index, item] of itemsOf(value)) walk(item, { shape, path: [...path, index] });
    if (!isRecord(value)) return;
    for (const [key, item] of entriesOf(value)) {
      const at = [...path, key];
      const inService = path.length === 2 && path[0] === "services";
      if (inService && refused(key)) continue;
      const below = shape === "value" ? undefined : valueOf(shape, key);
      // Where names stand, one that begins with "x-" is a name like any other.
      if (key.startsWith("x-") && below === undefined) continue;
      if (below === undefined) reportKey(at, { report, known: shape === "value" ? [] : Object.keys(shape) });
      else walk(item, { shape: below, path: at });
    }
  };
  walk(doc, { shape: document, path: [] });
}

function valueOf(shape: { readonly [key: string]: Shape }, key: string): Shape | undefined {
  if (Object.hasOwn(shape, key)) return shape[key];
  return shape["*"];
}

function reportKey(
  path: ComposePath,
  { report, known }: { report: ScopedReport; known: readonly string[] },
): void {
  const key = String(path.at(-1));
  // What looks like a slip of the pen is told as one; other signs in a key are there to mislead a reader.
  const meant = /^[A-Za-z_]+$/.test(key) ? probablyMeant(key, known.filter((one) => one !== "*")) : null;
  if (meant !== null) {
    return report("parse.shape", path, {
      message: `There is no key ${quote(key)}; did you mean ${quote(meant)}?`,
      subject: path.filter((part) => typeof part === "string").join("."),
    });
  }
  if (path.length === 1) {
    report(key === "include" ? "confine.compose-file" : "confine.unknown-key", path, {
      message: `The top-level key ${quote(key)} is not allowed`,
      subject: key,
    });
    return;
  }
  const [section, name, ...rest] = path;
  const kind =
    { services: "Service", networks: "Network", volumes: "Volume", configs: "Config", secrets: "Secret" }[
      String(section)
    ] ?? "The file";
  const subject = rest.filter((part) => typeof part === "string").join(".");
  report("confine.unknown-key", path, {
    message: `${kind} ${quote(name)} uses the key ${quote(subject)}, which is not known to be safe`,
    subject,
  });
}

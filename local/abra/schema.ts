import { isRecord } from "../../common/is_record.ts";

/**
 * The part of the compose 3.8 schema that recipes trip over: unknown keys, and fields whose type or format is
 * checked **before** variables are filled in, so that `start_period: ${X:-5m}` is refused. Wording as in Docker's
 * own loader, which abra uses. Docker checks the rest when it deploys.
 */
export function schemaError(doc: unknown): string | undefined {
  const file = asObject(doc);
  if (file === undefined) return "Top-level object must be a mapping";
  const unknown = unknownKey(file, topLevel);
  if (unknown !== undefined) return `(root) Additional property ${unknown} is not allowed`;
  if (file.version !== undefined && typeof file.version !== "string") return "version must be a string";
  for (const [name, raw] of Object.entries(asObject(file.services) ?? {})) {
    const service = asObject(raw);
    const at = `services.${name}`;
    if (service === undefined) return `${at} must be a mapping`;
    const extra = unknownKey(service, serviceKeys);
    if (extra !== undefined) return `${at} Additional property ${extra} is not allowed`;
    for (const [path, kind] of typedFields) {
      const value = path.split(".").reduce<unknown>((inner, key) => asObject(inner)?.[key], service);
      const wrong = value === undefined ? undefined : kinds[kind](value);
      if (wrong !== undefined) return `${at}.${path} ${wrong}`;
    }
  }
  return undefined;
}

const topLevel = words("version services volumes networks secrets configs");
const serviceKeys = words(
  `build cap_add cap_drop cgroup_parent cgroupns_mode command configs container_name credential_spec depends_on deploy
  devices dns dns_search domainname entrypoint env_file environment expose external_links extra_hosts healthcheck
  hostname image init ipc isolation labels links logging mac_address network_mode networks pid ports privileged
  read_only restart secrets security_opt shm_size stdin_open stop_grace_period stop_signal sysctls tmpfs tty ulimits
  user userns_mode volumes working_dir`,
);

type Kind = "duration" | "integer" | "number" | "boolean";

const typedFields: [path: string, kind: Kind][] = [
  ["stop_grace_period", "duration"],
  ["healthcheck.interval", "duration"],
  ["healthcheck.timeout", "duration"],
  ["healthcheck.start_period", "duration"],
  ["healthcheck.retries", "number"],
  ["deploy.replicas", "integer"],
  ["deploy.update_config.delay", "duration"],
  ["deploy.update_config.monitor", "duration"],
  ["deploy.update_config.parallelism", "integer"],
  ["deploy.rollback_config.delay", "duration"],
  ["deploy.rollback_config.monitor", "duration"],
  ["deploy.rollback_config.parallelism", "integer"],
  ["deploy.restart_policy.delay", "duration"],
  ["deploy.restart_policy.window", "duration"],
  ["deploy.restart_policy.max_attempts", "integer"],
  ["init", "boolean"],
  ["privileged", "boolean"],
  ["read_only", "boolean"],
  ["stdin_open", "boolean"],
  ["tty", "boolean"],
];

const kinds: Record<Kind, (value: unknown) => string | undefined> = {
  duration(value) {
    if (typeof value !== "string") return "must be a string";
    return /^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$/.test(value)
      ? undefined
      : "Does not match format 'duration'";
  },
  integer: (value) => Number.isInteger(value) ? undefined : "must be a integer",
  number: (value) => typeof value === "number" ? undefined : "must be a number",
  boolean: (value) => typeof value === "boolean" ? undefined : "must be a boolean",
};

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

function unknownKey(object: Record<string, unknown>, allowed: ReadonlySet<string>): string | undefined {
  return Object.keys(object).find((key) => !allowed.has(key) && !key.startsWith("x-"));
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined;
}

import type { Compose, ComposeFile } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, itemsOf } from "../recipe/compose_values.ts";
import { type Finding, quote } from "./finding.ts";

type Type = "duration" | "whole number" | "number" | "size" | "boolean";

/**
 * Where compose files hold something else than text. `*` stands for any key, `[]` for any item of a list, and a place
 * that holds a mapping instead (`external: {name: x}`, `ulimits` in their long form) is another place's business.
 */
const places: Record<string, Type> = {
  "services.*.stop_grace_period": "duration",
  "services.*.healthcheck.interval": "duration",
  "services.*.healthcheck.timeout": "duration",
  "services.*.healthcheck.start_period": "duration",
  "services.*.healthcheck.start_interval": "duration",
  "services.*.healthcheck.retries": "whole number",
  "services.*.healthcheck.disable": "boolean",
  "services.*.deploy.replicas": "whole number",
  "services.*.deploy.update_config.parallelism": "whole number",
  "services.*.deploy.update_config.delay": "duration",
  "services.*.deploy.update_config.monitor": "duration",
  "services.*.deploy.update_config.max_failure_ratio": "number",
  "services.*.deploy.rollback_config.parallelism": "whole number",
  "services.*.deploy.rollback_config.delay": "duration",
  "services.*.deploy.rollback_config.monitor": "duration",
  "services.*.deploy.rollback_config.max_failure_ratio": "number",
  "services.*.deploy.restart_policy.delay": "duration",
  "services.*.deploy.restart_policy.window": "duration",
  "services.*.deploy.restart_policy.max_attempts": "whole number",
  "services.*.deploy.placement.max_replicas_per_node": "whole number",
  "services.*.deploy.resources.limits.memory": "size",
  "services.*.deploy.resources.limits.pids": "whole number",
  "services.*.deploy.resources.reservations.memory": "size",
  "services.*.init": "boolean",
  "services.*.privileged": "boolean",
  "services.*.read_only": "boolean",
  "services.*.stdin_open": "boolean",
  "services.*.tty": "boolean",
  "services.*.ulimits.*": "whole number",
  "services.*.ulimits.*.soft": "whole number",
  "services.*.ulimits.*.hard": "whole number",
  "services.*.ports.[].target": "whole number",
  "services.*.ports.[].published": "whole number",
  "services.*.volumes.[].read_only": "boolean",
  "services.*.volumes.[].volume.nocopy": "boolean",
  "services.*.volumes.[].tmpfs.size": "whole number",
  "services.*.secrets.[].mode": "whole number",
  "services.*.configs.[].mode": "whole number",
  "networks.*.external": "boolean",
  "networks.*.internal": "boolean",
  "networks.*.attachable": "boolean",
  "volumes.*.external": "boolean",
  "secrets.*.external": "boolean",
  "configs.*.external": "boolean",
};

/**
 * Numbers, sizes, booleans and durations that a variable shall fill in. Docker would do so before it looks at them, but
 * abra validates compose files as they are written ("Does not match format 'duration'", "must be a integer"), already
 * at `app new`.
 */
export function checkTypedValues(compose: Pick<Compose, "files">): Finding[] {
  return compose.files.flatMap((file) =>
    Object.entries(places).flatMap(([place, type]) =>
      matches(file.raw, place.split("."))
        .filter(({ value }) => typeof value === "string" && value.replaceAll("$$", "").includes("$"))
        .map(({ path, value }) => finding(file, { path, value, type }))
    )
  ).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function finding(file: ComposeFile, at: { path: ComposePath; value: unknown; type: Type }): Finding {
  const [section = "", name = "", ...field] = at.path;
  return {
    rule: "lint.typed-value",
    severity: "error",
    file: file.path,
    line: file.lineOf(at.path),
    message: `${titles[section] ?? section} ${quote(name)} takes its ${field.join(".")} from ${
      quote(at.value)
    }`,
    hint: `abra reads compose files before variables are filled in: write the ${at.type} itself`,
    subject: String(name),
  };
}

const titles: Record<string, string> = {
  services: "Service",
  networks: "Network",
  volumes: "Volume",
  secrets: "Secret",
  configs: "Config",
};

/** All values at a place, each with its path. */
function matches(value: unknown, place: readonly string[]): { path: (string | number)[]; value: unknown }[] {
  const [part, ...rest] = place;
  if (part === undefined) return [{ path: [], value }];
  const inner = part === "[]"
    ? itemsOf(value)
    : part === "*"
    ? entriesOf(value)
    : isRecord(value) && Object.hasOwn(value, part)
    ? [[part, value[part]] as const]
    : [];
  return inner.flatMap(([key, item]) =>
    matches(item, rest).map((found) => ({ path: [key, ...found.path], value: found.value }))
  );
}

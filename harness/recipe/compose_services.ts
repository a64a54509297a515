import { isRecord, listOrMap } from "./compose_values.ts";
import type { Compose } from "./compose.ts";

/** A service's definition after the compose files are laid over each other. */
export type ServiceDefinition = Record<string, unknown>;

/**
 * Services by name, merged over all files as far as our own looks at them need it: maps, deploy labels and environments
 * key by key; of everything else the later file's value stands.
 */
export function composeServices(compose: Compose): Record<string, ServiceDefinition> {
  const merged: Record<string, ServiceDefinition> = {};
  for (const file of compose.files) {
    for (const [name, definition] of Object.entries(asMap(file.doc.services))) {
      merged[name] = merge(merged[name] ?? {}, withMaps(asMap(definition)));
    }
  }
  return merged;
}

/** Labels of a service's `deploy` section, which stand on the Swarm service: written as a map or as a list. */
export function deployLabels(service: ServiceDefinition): Record<string, string> {
  const labels = asMap(service.deploy).labels;
  if (!Array.isArray(labels)) {
    return Object.fromEntries(
      Object.entries(asMap(labels)).map(([name, value]) => [name, String(value ?? "")]),
    );
  }
  return Object.fromEntries(labels.map((line) => {
    const [name = "", ...value] = String(line).split("=");
    return [name, value.join("=")];
  }));
}

/** Labels and environments may be lists in one file and maps in the next; Docker lays them over each other by name. */
function withMaps(service: ServiceDefinition): ServiceDefinition {
  const deploy = asMap(service.deploy);
  return {
    ...service,
    ...deploy.labels === undefined ? {} : { deploy: { ...deploy, labels: deployLabels(service) } },
    ...service.environment === undefined ? {} : {
      environment: Object.fromEntries(listOrMap(service.environment).map(({ key, value }) => [key, value])),
    },
  };
}

export function asMap(value: unknown): Record<string, unknown> {
  return isRecord(value) ? { ...value } : {};
}

function merge(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    const bothMaps = isRecord(before) && isRecord(value);
    result[key] = bothMaps ? merge(asMap(before), asMap(value)) : value;
  }
  return result;
}

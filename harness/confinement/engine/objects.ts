import { isRecord } from "../../recipe/compose_values.ts";
import { isExternal, nameOf, type Naming, type Part, part, stackLabels } from "./service_spec.ts";

export const sections = ["networks", "volumes", "configs", "secrets"] as const;
export type Section = typeof sections[number];

/** What Docker makes of the networks, volumes, configs and secrets of a model, by what they are called in Docker. */
export function objectsOf(section: Section, naming: Naming): Map<string, Part> {
  const defined = part(naming.model[section]);
  const keys = section === "networks" ? [...Object.keys(defined), "default"] : Object.keys(defined);
  return new Map(keys.map((key) => {
    const definition = part(defined[key]);
    return [
      nameOf(key, { section, naming }),
      isExternal(definition) ? {} : makers[section](definition, naming.stack),
    ];
  }));
}

const makers: Record<Section, (definition: Part, stack: string) => Part> = {
  networks: (definition, stack) => ({
    Labels: stackLabels(definition.labels, stack),
    Driver: definition.driver ?? "overlay",
    Options: definition.driver_opts,
    Internal: definition.internal,
    Attachable: definition.attachable,
    IPAM: {
      Driver: part(definition.ipam).driver,
      Config: list(part(definition.ipam).config).map((pool) => ({ Subnet: part(pool).subnet })),
    },
  }),
  volumes: (definition, stack) => ({
    Labels: stackLabels(definition.labels, stack),
    Driver: definition.driver ?? "local",
    Options: definition.driver_opts,
  }),
  configs: (definition, stack) => ({
    Labels: stackLabels(definition.labels, stack),
    Templating: { Name: definition.template_driver },
    File: definition.file,
  }),
  secrets: (definition, stack) => ({
    Labels: stackLabels(definition.labels, stack),
    Templating: { Name: definition.template_driver },
    Driver: { Name: definition.driver, Options: definition.driver_opts },
  }),
};

/** Fields of what the engine lists that say which object it is, and not what it can do. */
const identity = new Set([
  "Id",
  "ID",
  "Name",
  "Created",
  "CreatedAt",
  "UpdatedAt",
  "Version",
  "Scope",
  "Mountpoint",
  "Containers",
  "Peers",
  "Services",
  "Status",
  "UsageData",
]);

/** What the engine says of an object, without what tells it apart. */
export function withoutIdentity(object: Part): Part {
  const described = isRecord(object.Spec) ? object.Spec : object;
  return Object.fromEntries(Object.entries(described).filter(([field]) => !identity.has(field)));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

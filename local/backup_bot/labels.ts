import { posix } from "node:path";

/** A Swarm service as far as the bot looks at it (Engine API, `GET /services`). */
export interface Service {
  Spec: {
    Name: string;
    Labels?: Record<string, string> | null;
    TaskTemplate?: {
      ContainerSpec?: {
        Mounts?: { Type?: string; Source?: string }[] | null;
        Secrets?: { SecretName: string; File?: { Name?: string } | null }[] | null;
      };
    };
  };
}

/** A command that a service's container is told to run. */
export interface Hook {
  service: string;
  command: string;
}

/** A secret as a service's container has it. */
export interface Secret {
  service: string;
  /** Name in the engine. */
  name: string;
  /** Of the file in the container. */
  path: string;
}

/** What of a volume is saved. */
export interface Saved {
  /** Name in the engine. */
  volume: string;
  /** Below the volume's root; null: all of it. */
  paths: string[] | null;
}

/** What the labels of one stack say. */
export interface Plan {
  /** Whether any service is labelled `backupbot.backup=true`. */
  enabled: boolean;
  saved: Saved[];
  /** Each once, though several services may have it. */
  secrets: Secret[];
  hooks: Record<"backup" | "restore", { pre: Hook[]; post: Hook[] }>;
  /** What the labels want and cannot have, for the log. */
  warnings: string[];
}

const VOLUMES = "backupbot.backup.volumes.";
/** Labels of the first backup-bot. */
const first = /^backupbot\.(backup\.(path|command)|restore(\.command)?)$/;

/**
 * Reads the label contract of backup-bot-two (version 2, labels of the services): `backupbot.backup=true` on any
 * service saves all volumes of the stack; `backupbot.backup.volumes.<v>=false` leaves one out and
 * `backupbot.backup.volumes.<v>.path=a,b` wants some paths of it only; `backupbot.{backup,restore}.{pre,post}-hook`
 * are commands for the container of the service that carries them. Labels of version 1 are named in a warning.
 */
export function readPlan(services: readonly Service[], stack: string): Plan {
  const own = services.filter(({ Spec }) => Spec.Labels?.["com.docker.stack.namespace"] === stack);
  const labels = own.flatMap(({ Spec }) => Object.entries(Spec.Labels ?? {}));
  const warnings: string[] = [];
  const volumes = new Set(own.flatMap(({ Spec }) => volumesOf(Spec, { stack, warnings })));
  const excluded = new Set<string>();
  const wanted = new Map<string, string[]>();
  for (const [label, value] of labels) {
    if (first.test(label)) warnings.push(`The label ${label} is of backup-bot version 1 and has no effect`);
    if (!label.startsWith(VOLUMES)) continue;
    const name = label.slice(VOLUMES.length).replace(/\.path$/, "");
    if (!volumes.has(name)) warnings.push(`Can not find volume with the name ${name}`);
    else if (label.endsWith(".path")) wanted.set(name, [...(wanted.get(name) ?? []), ...list(value)]);
    else if (value.toLowerCase() === "false") excluded.add(name);
  }
  return {
    enabled: labels.some(([label, value]) => label === "backupbot.backup" && /^(true|1|yes)$/i.test(value)),
    saved: [...volumes].sort().filter((name) => !excluded.has(name)).map((name) => ({
      volume: `${stack}_${name}`,
      paths: wanted.get(name) ?? null,
    })),
    secrets: [...new Map(own.flatMap(({ Spec }) => secretsOf(Spec)).map((one) => [one.name, one])).values()],
    hooks: {
      backup: { pre: hooks(own, "backup.pre-hook"), post: hooks(own, "backup.post-hook") },
      restore: { pre: hooks(own, "restore.pre-hook"), post: hooks(own, "restore.post-hook") },
    },
    warnings,
  };
}

/** Volumes of the stack that a service mounts, by the names the compose file has for them. Others' are not touched. */
function volumesOf(
  spec: Service["Spec"],
  { stack, warnings }: { stack: string; warnings: string[] },
): string[] {
  const names: string[] = [];
  for (const { Type, Source = "" } of spec.TaskTemplate?.ContainerSpec?.Mounts ?? []) {
    if (Type !== "volume" || Source === "") continue;
    if (Source.startsWith(`${stack}_`)) names.push(Source.slice(stack.length + 1));
    else warnings.push(`The volume ${Source} of ${spec.Name} is not the stack's own and is left out`);
  }
  return names;
}

function secretsOf({ Name: service, TaskTemplate: task }: Service["Spec"]): Secret[] {
  return (task?.ContainerSpec?.Secrets ?? []).map(({ SecretName: name, File: file }) => ({
    service,
    name,
    path: posix.resolve("/run/secrets", file?.Name ?? name),
  }));
}

function list(value: string): string[] {
  return value.split(",").map((path) => path.trim()).filter((path) => path !== "");
}

function hooks(services: readonly Service[], kind: string): Hook[] {
  return services.flatMap(({ Spec }) => {
    const command = Spec.Labels?.[`backupbot.${kind}`];
    return command === undefined || command.trim() === "" ? [] : [{ service: Spec.Name, command }];
  });
}

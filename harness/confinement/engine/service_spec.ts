import type { DockerModel } from "../../recipe/docker_reading.ts";
import { entriesOf, isRecord, itemsOf, parseDuration } from "../../recipe/compose_values.ts";

/** An object of the Engine API, or a part of one. */
export type Part = Record<string, unknown>;

/** What names in a model mean to Docker. */
export interface Naming {
  model: DockerModel;
  stack: string;
  /** The folder that was read, and the one that is deployed: files of the recipe are mounted from there. */
  moved?: { from: string; to: string };
}

type Section = "networks" | "volumes" | "configs" | "secrets";

/**
 * The `ServiceSpec` that Docker makes of a service, in the fields of the Engine API. Every key of a compose file that
 * reaches the engine has its line here; what has none the engine must not have.
 *
 * @see https://github.com/docker/cli/blob/master/cli/compose/convert/service.go
 */
export function serviceSpec(name: string, naming: Naming): Part {
  const { model, stack } = naming;
  const service = part(part(model.services)[name]);
  const deploy = part(service.deploy);
  const { limits, reservations } = part(deploy.resources);
  const health = part(service.healthcheck);
  const placement = part(deploy.placement);
  const logging = part(service.logging);
  return {
    Name: `${stack}_${name}`,
    Labels: { ...stackLabels(deploy.labels, stack), "com.docker.stack.image": service.image },
    TaskTemplate: {
      ContainerSpec: {
        Image: service.image,
        Command: service.entrypoint,
        Args: service.command,
        Hostname: service.hostname,
        Hosts: itemsOf(service.extra_hosts).map(([, line]) => hostLine(String(line))),
        DNSConfig: { Nameservers: service.dns, Search: service.dns_search },
        Healthcheck: health.disable === true ? { Test: ["NONE"] } : {
          Test: health.test,
          Interval: nanoseconds(health.interval),
          Timeout: nanoseconds(health.timeout),
          StartPeriod: nanoseconds(health.start_period),
          StartInterval: nanoseconds(health.start_interval),
          Retries: health.retries,
        },
        Env: entriesOf(service.environment).map(([key, value]) => value === null ? key : `${key}=${value}`),
        Labels: stackLabels(service.labels, stack),
        Dir: service.working_dir,
        User: service.user,
        Mounts: itemsOf(service.volumes).map(([, mount]) => mountOf(part(mount), naming)),
        StopGracePeriod: nanoseconds(service.stop_grace_period),
        StopSignal: service.stop_signal,
        TTY: service.tty,
        OpenStdin: service.stdin_open,
        Secrets: itemsOf(service.secrets).map(([, file]) =>
          fileOf(part(file), { section: "secrets", naming })
        ),
        Configs: itemsOf(service.configs).map(([, file]) =>
          fileOf(part(file), { section: "configs", naming })
        ),
        ReadOnly: service.read_only,
        Isolation: service.isolation,
        Init: service.init,
        Sysctls: service.sysctls,
        ...capabilities(service),
        Ulimits: entriesOf(service.ulimits).map(([kind, limit]) => ({
          Name: kind,
          Soft: isRecord(limit) ? limit.soft : limit,
          Hard: isRecord(limit) ? limit.hard : limit,
        })),
        OomScoreAdj: service.oom_score_adj,
      },
      LogDriver: { Name: logging.driver, Options: logging.options },
      Resources: {
        Limits: { ...amounts(limits), Pids: part(limits).pids },
        Reservations: {
          ...amounts(reservations),
          GenericResources: itemsOf(part(reservations).generic_resources).map(([, one]) => {
            const { kind, value } = part(part(one).discrete_resource_spec);
            return { DiscreteResourceSpec: { Kind: kind, Value: value } };
          }),
        },
      },
      RestartPolicy: restartPolicy(service),
      Placement: {
        Constraints: placement.constraints,
        Preferences: itemsOf(placement.preferences).map(([, one]) => ({
          Spread: { SpreadDescriptor: part(one).spread },
        })),
        MaxReplicas: placement.max_replicas_per_node,
      },
      Networks: networksOf(service, naming).map(({ key, attachment }) => ({
        Target: nameOf(key, { section: "networks", naming }),
        Aliases: [...itemsOf(attachment.aliases).map(([, alias]) => alias), name],
        DriverOpts: attachment.driver_opts,
      })),
    },
    Mode: mode(deploy),
    UpdateConfig: updateConfig(deploy.update_config),
    RollbackConfig: updateConfig(deploy.rollback_config),
    EndpointSpec: {
      Mode: deploy.endpoint_mode,
      Ports: itemsOf(service.ports).map(([, port]) => {
        const { protocol, target, published, mode } = part(port);
        return { Protocol: protocol, TargetPort: target, PublishedPort: published, PublishMode: mode };
      }),
    },
  };
}

/** Networks that a service joins, by their keys: without any it is that of the stack itself. */
function networksOf(service: Part, { model }: Naming): { key: string; attachment: Part }[] {
  const joined = entriesOf(service.networks);
  const all = joined.length > 0 || part(model.networks).default === undefined
    ? joined
    : [["default", null] as const];
  return (all.length === 0 ? [["default", null] as const] : all)
    .map(([key, attachment]) => ({ key, attachment: part(attachment) }));
}

/** What an object that the model calls by a key is called in Docker. */
export function nameOf(key: string, { section, naming }: { section: Section; naming: Naming }): string {
  const { name } = part(part(naming.model[section])[key]);
  return typeof name === "string" && name !== "" ? name : `${naming.stack}_${key}`;
}

export function stackLabels(labels: unknown, stack: string): Part {
  return { ...part(labels), "com.docker.stack.namespace": stack };
}

/** A mapping, or an empty one in the place of anything else. */
export function part(value: unknown): Part {
  return isRecord(value) ? value : {};
}

function mountOf(mount: Part, naming: Naming): Part {
  const { type = "volume", source, target, read_only: ReadOnly, consistency: Consistency } = mount;
  const common = { Type: type, Source: source, Target: target, ReadOnly, Consistency };
  if (type === "tmpfs") {
    const { size, mode } = part(mount.tmpfs);
    return { ...common, TmpfsOptions: { SizeBytes: size, Mode: mode } };
  }
  if (type === "bind") {
    const { from = "", to = "" } = naming.moved ?? {};
    const isRecipes = from !== "" && `${source}/`.startsWith(`${from}/`);
    const Source = isRecipes ? `${to}${String(source).slice(from.length)}` : source;
    return { ...common, Source, BindOptions: { Propagation: part(mount.bind).propagation } };
  }
  if (type === "image") return { ...common, ImageOptions: { Subpath: part(mount.image).subpath } };
  if (type !== "volume" || typeof source !== "string" || source === "") return common;
  const { nocopy, subpath } = part(mount.volume);
  const volume = part(part(naming.model.volumes)[source]);
  const driver = { Name: volume.driver, Options: volume.driver_opts };
  return {
    ...common,
    Source: nameOf(source, { section: "volumes", naming }),
    VolumeOptions: {
      NoCopy: nocopy,
      Subpath: subpath,
      ...(isExternal(volume)
        ? {}
        : { Labels: stackLabels(volume.labels, naming.stack), DriverConfig: driver }),
    },
  };
}

export function isExternal({ external }: Part): boolean {
  return external === true || isRecord(external);
}

function fileOf(file: Part, at: { section: "secrets" | "configs"; naming: Naming }): Part {
  const { source, target = source, uid = "0", gid = "0", mode = 0o444 } = file;
  const name = nameOf(String(source), at);
  return {
    File: { Name: target, UID: uid, GID: gid, Mode: mode },
    [at.section === "secrets" ? "SecretName" : "ConfigName"]: name,
  };
}

/** A capability that is both added and dropped is added. */
function capabilities({ cap_add, cap_drop }: Part): Part {
  const normal = (list: unknown) => {
    const names = itemsOf(list).map(([, name]) => String(name).trim().toUpperCase())
      .map((name) => name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`);
    return names.includes("ALL") ? ["ALL"] : names;
  };
  const add = normal(cap_add);
  return { CapabilityAdd: add, CapabilityDrop: normal(cap_drop).filter((name) => !add.includes(name)) };
}

function amounts(asked: unknown): Part {
  const { cpus, memory } = part(asked);
  return {
    NanoCPUs: cpus === undefined ? undefined : Math.round(Number(cpus) * 1e9),
    MemoryBytes: memory === undefined ? undefined : Number(memory),
  };
}

/** `deploy.restart_policy` or, without one, the `restart` of older files. */
function restartPolicy({ restart, deploy }: Part): Part {
  const policy = part(deploy).restart_policy;
  if (isRecord(policy)) {
    return {
      Condition: policy.condition,
      Delay: nanoseconds(policy.delay),
      MaxAttempts: policy.max_attempts,
      Window: nanoseconds(policy.window),
    };
  }
  const [name, attempts] = String(restart ?? "").split(":");
  if (name === "always" || name === "unless-stopped") return { Condition: "any" };
  return name === "on-failure" ? { Condition: name, MaxAttempts: Number(attempts ?? 0) } : {};
}

function mode({ mode, replicas }: Part): Part {
  if (mode === "global") return { Global: {} };
  if (mode === "global-job") return { GlobalJob: {} };
  if (mode === "replicated-job") {
    return { ReplicatedJob: { MaxConcurrent: replicas ?? 1, TotalCompletions: replicas ?? 1 } };
  }
  return { Replicated: { Replicas: replicas ?? 1 } };
}

function updateConfig(config: unknown): Part {
  if (!isRecord(config)) return {};
  return {
    Parallelism: config.parallelism ?? 1,
    Delay: nanoseconds(config.delay),
    FailureAction: config.failure_action,
    Monitor: nanoseconds(config.monitor),
    MaxFailureRatio: config.max_failure_ratio,
    Order: config.order,
  };
}

function hostLine(line: string): string {
  const at = line.indexOf(":");
  return `${line.slice(at + 1)} ${line.slice(0, at)}`;
}

function nanoseconds(duration: unknown): number | undefined {
  const seconds = parseDuration(duration);
  return seconds === null ? undefined : Math.round(seconds * 1e9);
}

import * as z from "zod";

/**
 * The schemas in this file hold the parts of the Engine API's answers that the harness reads. @see
 * https://docs.docker.com/reference/api/engine/
 */
const labels = z.record(z.string(), z.string()).nullish().transform((value) => value ?? {});

/** How a service is reached: by a virtual address or by its tasks' own, and on which ports of the nodes. */
const endpointSpec = z.object({
  Mode: z.string().default("vip"),
  Ports: z.array(z.record(z.string(), z.unknown())).nullish(),
}).nullish();

export const service = z.object({
  ID: z.string(),
  UpdatedAt: z.string().optional(),
  Spec: z.object({
    Name: z.string(),
    Labels: labels,
    TaskTemplate: z.looseObject({
      ContainerSpec: z.looseObject({
        Image: z.string().default(""),
        StopGracePeriod: z.number().nullish(),
      }).optional(),
      Placement: z.object({ Constraints: z.array(z.string()).nullish() }).nullish(),
      RestartPolicy: z.looseObject({ Condition: z.string().optional(), MaxAttempts: z.number().nullish() })
        .optional(),
    }),
    Mode: z.object({
      Replicated: z.object({ Replicas: z.number().default(1) }).optional(),
      Global: z.object({}).optional(),
      ReplicatedJob: z.object({ TotalCompletions: z.number().default(1) }).optional(),
      GlobalJob: z.object({}).optional(),
    }),
    EndpointSpec: endpointSpec,
  }),
  /** What it was before its latest update. */
  PreviousSpec: z.object({ Labels: labels, EndpointSpec: endpointSpec }).nullish(),
  /** The Engine's own count; it gives none when it is not asked for it. */
  ServiceStatus: z.object({ DesiredTasks: z.number().default(0) }).nullish(),
  /** Of jobs: which run of the job is the present one. */
  JobStatus: z.object({ JobIteration: z.object({ Index: z.number().default(0) }).default({ Index: 0 }) })
    .nullish(),
  UpdateStatus: z.object({ State: z.string().optional(), Message: z.string().optional() }).nullish(),
});
export type ServiceObject = z.infer<typeof service>;

export const task = z.object({
  ID: z.string(),
  CreatedAt: z.string(),
  ServiceID: z.string().default(""),
  DesiredState: z.string(),
  /** Empty until it is placed. */
  NodeID: z.string().default(""),
  /** Of jobs: the run of the job that it belongs to. */
  JobIteration: z.object({ Index: z.number().default(0) }).nullish(),
  Spec: z.looseObject({}),
  NetworksAttachments: z.array(z.object({ Addresses: z.array(z.string()).nullish() })).nullish()
    .transform((all) => all ?? []),
  Status: z.object({
    Timestamp: z.string(),
    State: z.string(),
    Err: z.string().default(""),
    Message: z.string().default(""),
    ContainerStatus: z.object({ ContainerID: z.string().default(""), ExitCode: z.number().default(0) })
      .nullish(),
  }),
});
export type TaskObject = z.infer<typeof task>;

export const container = z.object({
  Id: z.string(),
  /** Seconds since the epoch. */
  Created: z.number().optional(),
  Names: z.array(z.string()).nullish().transform((names) => names ?? []),
  Labels: labels,
  State: z.string(),
  /** For people, e.g. `Up 5 seconds (health: starting)`. */
  Status: z.string(),
  Mounts: z.array(z.object({
    Type: z.string().default(""),
    Name: z.string().default(""),
    /** Folder on the host. */
    Source: z.string().default(""),
    Destination: z.string().default(""),
    RW: z.boolean().default(true),
  })).nullish().transform((mounts) => mounts ?? []),
});
export type ContainerObject = z.infer<typeof container>;

export const volumes = z.object({
  Volumes: z.array(z.object({ Name: z.string(), Labels: labels, CreatedAt: z.string().optional() })).nullish()
    .transform((all) => all ?? []),
});
export const network = z.object({
  Id: z.string(),
  Name: z.string(),
  Labels: labels,
  Created: z.string().optional(),
});
/** A secret or a config. */
export const material = z.object({
  ID: z.string(),
  Spec: z.object({ Name: z.string(), Labels: labels }),
  UpdatedAt: z.string().optional(),
});

export const version = z.object({ Version: z.string(), ApiVersion: z.string().default("") });
export const info = z.object({
  DefaultRuntime: z.string().default("runc"),
  Runtimes: z.record(z.string(), z.looseObject({ path: z.string().optional() })).nullish()
    .transform((all) => all ?? {}),
  DockerRootDir: z.string().default("/var/lib/docker"),
  OSType: z.string().default("linux"),
  /** As the kernel calls it: `x86_64`. */
  Architecture: z.string().default(""),
  Swarm: z.object({
    LocalNodeState: z.string().default("inactive"),
    ControlAvailable: z.boolean().default(false),
  }),
});
export const execState = z.object({ Running: z.boolean(), ExitCode: z.number().nullish() });

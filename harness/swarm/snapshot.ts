import { endedByCheck } from "./container_end.ts";
import type { ServiceState, Snapshot, TaskState } from "./stack_state.ts";
import type { Swarm } from "./swarm.ts";
import { nameInStack } from "./service_names.ts";
import type { ContainerObject, ServiceObject, TaskObject } from "./schema.ts";

/** Reads a stack's state from Docker, in three calls and one for each task that has ended without an error. */
export async function takeSnapshot(swarm: Swarm, stack: string): Promise<Snapshot> {
  const [services, tasks, containers] = await Promise.all([
    swarm.services(stack),
    swarm.tasks(stack),
    swarm.containers(stack),
  ]);
  const complete = tasks.flatMap((task) => task.Status.State === "complete" ? containerOf(task) ?? [] : []);
  const unhealthy = await Promise.all(complete.map(async (id) => await endedByCheck(swarm, id) ? [id] : []));
  return assemble({
    stack,
    services,
    tasks,
    containers,
    unhealthy: unhealthy.flat(),
    now: swarm.clock.now(),
  });
}

/** Makes the snapshot from what Docker answered. */
export function assemble(
  seen: {
    stack: string;
    services: ServiceObject[];
    tasks: TaskObject[];
    containers: ContainerObject[];
    /** Ids of containers that ended without an error because their health check had failed. */
    unhealthy: readonly string[];
    now: number;
  },
): Snapshot {
  const health = new Map(seen.containers.map((container) => [container.Id, healthOf(container)]));
  for (const id of seen.unhealthy) health.set(id, "unhealthy");
  return {
    now: seen.now,
    services: seen.services.map((service) => {
      // If a stack of this name was removed just now, Swarm still lists its tasks, marked for removal.
      const tasks = seen.tasks.filter((task) =>
        task.ServiceID === service.ID && task.DesiredState !== "remove"
      );
      return serviceState(service, {
        stack: seen.stack,
        wanted: wantedTasks(service, tasks),
        tasks: tasks.map((task) => taskState(task, { service, health })),
      });
    }),
  };
}

function serviceState(
  service: ServiceObject,
  listed: { stack: string; wanted: number; tasks: TaskState[] },
): ServiceState {
  const { Mode: mode, TaskTemplate: template } = service.Spec;
  const policy = template.RestartPolicy;
  const state = service.UpdateStatus?.State;
  const condition = policy?.Condition;
  return {
    name: nameInStack(service, listed.stack),
    kind: mode.ReplicatedJob || mode.GlobalJob ? "job" : mode.Global ? "global" : "replicated",
    everywhere: mode.Global !== undefined || mode.GlobalJob !== undefined,
    wanted: listed.wanted,
    constraints: template.Placement?.Constraints ?? [],
    update: state ? { state, message: service.UpdateStatus?.Message ?? "" } : null,
    restart: {
      condition: condition === "none" || condition === "on-failure" ? condition : "any",
      maxAttempts: policy?.MaxAttempts ?? 0,
    },
    tasks: listed.tasks,
  };
}

/**
 * How many tasks shall run or, of a job, complete. Only the Engine knows on how many nodes a global service fits. It
 * does not count a node whose task it is about to start again, but there the new task waits already. Of a global job,
 * each node that it fits has a task in the job's present run.
 */
function wantedTasks(service: ServiceObject, tasks: readonly TaskObject[]): number {
  const { Mode: mode } = service.Spec;
  if (mode.ReplicatedJob !== undefined) return mode.ReplicatedJob.TotalCompletions;
  const nodes = (some: readonly TaskObject[]) => new Set(some.map((task) => task.NodeID)).size;
  if (mode.GlobalJob !== undefined) return nodes(tasks.filter((task) => isCurrent(task, service)));
  if (mode.Global === undefined) return mode.Replicated?.Replicas ?? 1;
  const used = nodes(tasks.filter((task) => ["running", "ready"].includes(task.DesiredState)));
  return Math.max(service.ServiceStatus?.DesiredTasks ?? 0, used);
}

function taskState(
  task: TaskObject,
  seen: { service: ServiceObject; health: Map<string, TaskState["health"]> },
): TaskState {
  const container = containerOf(task);
  return {
    id: task.ID,
    current: isCurrent(task, seen.service),
    desired: task.DesiredState,
    state: task.Status.State,
    error: task.Status.Err,
    exitCode: task.Status.ContainerStatus?.ExitCode ?? 0,
    createdAt: Date.parse(task.CreatedAt),
    since: Date.parse(task.Status.Timestamp),
    container,
    health: (container === null ? undefined : seen.health.get(container)) ?? "none",
  };
}

function containerOf(task: TaskObject): string | null {
  return task.Status.ContainerStatus?.ContainerID || null;
}

/** The Engine writes a container's health into its status text: `Up 5 seconds (health: starting)`. */
function healthOf(container: ContainerObject): TaskState["health"] {
  const word = /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(container.Status)?.[1];
  return word === "starting" || word === "healthy" || word === "unhealthy" ? word : "none";
}

/**
 * Whether a task belongs to what the service is now. A job that is run again has new tasks of the same specification,
 * and the Engine numbers its runs.
 */
function isCurrent(task: TaskObject, service: ServiceObject): boolean {
  const run = service.JobStatus?.JobIteration.Index;
  if (run !== undefined) return (task.JobIteration?.Index ?? 0) === run;
  return sameSpec(task.Spec, service.Spec.TaskTemplate);
}

/**
 * Parts of a task template whose change makes Swarm replace tasks. `Runtime` is not one of them, which the Engine fills in for
 * services and leaves out for tasks, and `Placement` neither: tasks on a node that still fits stay.
 */
const decisive = [
  "ContainerSpec",
  "Resources",
  "RestartPolicy",
  "Networks",
  "ForceUpdate",
  "LogDriver",
] as const;

function sameSpec(task: Record<string, unknown>, template: Record<string, unknown>): boolean {
  return decisive.every((part) => stable(task[part]) === stable(template[part]));
}

/** JSON with sorted keys and without empty values, which the Engine fills in at one place and leaves out at another. */
function stable(value: unknown): string {
  return JSON.stringify(withoutEmpty(value)) ?? "";
}

function withoutEmpty(value: unknown): unknown {
  if (value === null || value === "" || value === 0 || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value as object).map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.sort(([a], [b]) => a < b ? -1 : 1));
}

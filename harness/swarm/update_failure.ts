import {
  failedTasks,
  type Failure,
  isAlive,
  isDone,
  lacksAddresses,
  type ServiceState,
  taskProblem,
  type TaskState,
} from "./stack_state.ts";

/**
 * The failure of a service whose update Swarm itself has given up. Its specification may be the old one again, so a
 * task of any specification may be to blame. An update that Swarm paused is none if no task of the version before is
 * left: Swarm restarts the new ones as those of any service, and goes on calling the update paused for ever.
 */
export function updateFailure(service: ServiceState, since: number): Failure | null {
  const state = service.update?.state ?? "";
  const task = failedTasks(service, since)[0] ?? null;
  const host = task !== null && lacksAddresses(task);
  if (state === "paused" && service.tasks.some((one) => !one.current && isAlive(one))) {
    return {
      kind: "paused",
      service: service.name,
      message: `Update of service "${service.name}" stopped half-way: ${pauseReason(service, task)}`,
      task,
      host,
    };
  }
  if (!state.startsWith("rollback")) return null;
  const ended = service.tasks.find((one) => !one.current && isDone(one) && one.createdAt >= since);
  if (task === null && ended !== undefined) {
    return {
      kind: "rolled-back",
      service: service.name,
      message:
        `Swarm rolled service "${service.name}" back to the version before because its task has ended, ` +
        "though without an error: to run something once, use mode replicated-job",
      task: ended,
    };
  }
  return {
    kind: "rolled-back",
    service: service.name,
    message: `Swarm silently rolled service "${service.name}" back to the version before: ${
      pauseReason(service, task)
    }`,
    task,
    host,
  };
}

/** Why Swarm gave an update up. */
function pauseReason(service: ServiceState, task: TaskState | null): string {
  return task === null ? service.update?.message ?? "" : taskProblem(task);
}

/** What to tell of an update that Swarm paused although the service runs in its new version. */
export function pausedBlemish(service: ServiceState, since: number): string[] {
  const task = failedTasks(service, since).find((one) => !lacksAddresses(one));
  if (service.update?.state !== "paused" || task === undefined) return [];
  return [`Swarm paused the update of service "${service.name}", which runs now: ${taskProblem(task)}`];
}

/** What Docker says about a stack at one moment, reduced to what shows whether a deploy has worked. */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  now: number;
  services: ServiceState[];
}

export interface ServiceState {
  /** Without the stack's name. */
  name: string;
  kind: "replicated" | "global" | "job";
  /** Whether it has a task on every node that it fits. */
  everywhere: boolean;
  /**
   * Number of tasks that shall run; for a job, number of those that shall complete. A global service or job that fits
   * no node has 0.
   */
  wanted: number;
  /** What a node has to be like, e.g. `node.role == manager`. */
  constraints: readonly string[];
  /** State of the last update; Swarm forgets it when a redeploy changes nothing. */
  update: { state: string; message: string } | null;
  restart: { condition: "none" | "on-failure" | "any"; maxAttempts: number };
  tasks: TaskState[];
}

export interface TaskState {
  id: string;
  /**
   * Whether it was made from the service's present specification, or belongs to the present run of a job; false for
   * tasks of the version or the run before.
   */
  current: boolean;
  desired: string;
  state: string;
  error: string;
  exitCode: number;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** When it entered its state, milliseconds since the epoch. */
  since: number;
  container: string | null;
  /** Of a container that has ended without an error: `unhealthy` where its health check is why it was ended. */
  health: "none" | "starting" | "healthy" | "unhealthy";
}

export interface Failure {
  kind:
    | "rolled-back"
    | "paused"
    | "rejected"
    | "unschedulable"
    | "unhealthy"
    | "exits"
    | "gave-up";
  service: string;
  /** What is wrong, one sentence without final period. */
  message: string;
  /** The task whose log tells more; null when no single task is to blame. */
  task: TaskState | null;
  /** Whether this machine lacks what the recipe may well ask for. */
  host?: boolean;
}

/** What Swarm says of a global service's task on a node that cannot give what it reserves. */
export const NODE_LACKS = "assigned node no longer meets constraints";

/**
 * What a node says of a task whose network it cannot make, because another one has its addresses. Since Docker 27 Swarm
 * gives a new network the addresses that one of a stack removed a moment ago had, and the node may still be removing
 * that. Swarm starts another task, which gets them as soon as they are free.
 */
const ADDRESSES_TAKEN = /Pool overlaps with other one/;

/** Whether a task did not start since its network's addresses were taken on its node, which is nobody's fault. */
export function lacksAddresses(task: TaskState): boolean {
  return task.state === "rejected" && ADDRESSES_TAKEN.test(task.error);
}

/** Failures of a service's tasks since the deploy, newest first. */
export function failedTasks(service: ServiceState, since: number): TaskState[] {
  return service.tasks.filter((task) => hasFailed(task) && task.createdAt >= since)
    .toSorted((a, b) => b.createdAt - a.createdAt);
}

export function hasFailed(task: TaskState): boolean {
  return ["failed", "rejected"].includes(task.state) || isUnhealthyEnd(task);
}

/** Whether a task has done what it was there for, if it was there for something that ends. */
export function isDone(task: TaskState): boolean {
  return task.state === "complete" && !isUnhealthyEnd(task);
}

/** Whether a task that ends without an error has done what it was there for. */
export function runsOnce(service: ServiceState): boolean {
  return service.kind === "job" || service.restart.condition !== "any";
}

export function isRunning(task: TaskState): boolean {
  return task.desired === "running" && task.state === "running";
}

/** Whether a task runs or is about to. */
export function isAlive(task: TaskState): boolean {
  return ["running", "ready", "complete"].includes(task.desired) && // Swarm wants tasks of jobs to be complete
    !["failed", "rejected", "complete", "shutdown", "orphaned", "remove"].includes(task.state);
}

/**
 * Whether Swarm ended a task because its health check failed. It calls such a task complete if the container, told to
 * stop, ended without an error.
 */
export function isUnhealthyEnd(task: TaskState): boolean {
  return task.state === "failed" && task.error.includes("unhealthy") ||
    task.state === "complete" && task.health === "unhealthy";
}

/** Why a task ended, in words about the app instead of Swarm's own. */
export function taskProblem(task: TaskState): string {
  const error = task.error.replace(/^task: /, "");
  const image = /No such image: (\S+)/.exec(error)?.[1];
  if (image !== undefined) return `there is no image "${image}"`;
  if (error.includes(NODE_LACKS)) {
    return "this machine cannot give what it reserves, or is not as it asks for";
  }
  if (lacksAddresses(task)) return "this machine has not given back the addresses that its network gets";
  if (isUnhealthyEnd(task)) return "its health check fails";
  const exit = /non-zero exit \((\d+)\)/.exec(error)?.[1];
  if (exit !== undefined) return `the container ends with exit code ${exit}`;
  return error === "" ? `the task is ${task.state}` : error;
}

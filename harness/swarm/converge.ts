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
  /** Number of tasks that shall run; for a job, number of those that shall complete. */
  wanted: number;
  /** State of the last update; Swarm forgets it when a redeploy changes nothing. */
  update: { state: string; message: string } | null;
  restart: { condition: "none" | "on-failure" | "any"; maxAttempts: number };
  tasks: TaskState[];
}

export interface TaskState {
  id: string;
  /** Whether it was made from the service's present specification; false for tasks of the version before. */
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
  health: "none" | "starting" | "healthy" | "unhealthy";
}

export type Decision =
  | { state: "waiting"; /** e.g. `app 0/1 (starting)` */ text: string; stuck: string[] }
  | { state: "converged" }
  | { state: "failed"; failure: Failure };

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
}

/**
 * Milliseconds that a container without health check must have run to count, longer after a failure: see {@linkcode
 * ready}.
 */
const STEADY_MS = 1_000;
const STEADY_AFTER_FAILURE_MS = 6_000;
/**
 * Milliseconds after which a pending task counts as one that fits no node; Swarm would keep it pending for ever. An old
 * task that still holds a port is gone before this.
 */
const PENDING_MS = 12_000;
/**
 * Milliseconds after its start at which a service without health check counts as ready for others. Only then do
 * failures of what depends on it count.
 */
const UNTOLD_READY_MS = 30_000;
/** Number of exits after which a service has failed, when nothing else in the stack can change any more. */
const ENOUGH_EXITS = 3;

/**
 * Decides whether a deploy has converged, failed for good, or needs more time.
 *
 * A service's name resolves only once one of its tasks is healthy, so that a service which depends on another may fail
 * a few times and then run. A failed task is therefore held against its service only if it was started after all
 * services that work had settled.
 * @param since when the deploy was called, milliseconds since the epoch; earlier failures do not count
 */
export function decide(snapshot: Snapshot, since: number): Decision {
  for (const service of snapshot.services) {
    const failure = updateFailure(service, since) ?? finalFailure(service, { now: snapshot.now, since });
    if (failure !== null) return { state: "failed", failure };
  }
  const stuck = snapshot.services.filter((service) => !ready(service, { now: snapshot.now, since }));
  if (stuck.length === 0 && snapshot.services.length > 0) return { state: "converged" };

  const settledAt = Math.max(
    0,
    ...snapshot.services.filter((service) => !stuck.includes(service))
      .flatMap((service) => service.tasks.filter(isRunning).map(readyAt)),
  );
  const verdicts = stuck.map((service) => repeatedFailure(service, { since, settledAt }));
  const first = verdicts.find((verdict) => verdict !== null);
  if (first !== undefined && verdicts.every((verdict) => verdict !== null)) {
    return { state: "failed", failure: first };
  }
  const text = snapshot.services.length === 0 ? "no service yet" : stuck.map(describe).join(", ");
  return { state: "waiting", text, stuck: stuck.map((service) => service.name) };
}

/** Whether Swarm wants no task of an older specification to run any more, so that no proxy finds one. */
export function onlyCurrent(snapshot: Snapshot): boolean {
  return snapshot.services.length > 0 &&
    snapshot.services.every((service) =>
      service.tasks.every((task) => task.current || !["running", "ready"].includes(task.desired))
    );
}

/** Failures of a service's tasks since the deploy, newest first. */
function failedTasks(service: ServiceState, since: number): TaskState[] {
  return service.tasks.filter((task) =>
    ["failed", "rejected"].includes(task.state) && task.createdAt >= since
  )
    .toSorted((a, b) => b.createdAt - a.createdAt);
}

/**
 * The failure of a service whose update Swarm itself has given up. Its specification may be the old one again, so a
 * task of any specification may be to blame.
 */
function updateFailure(service: ServiceState, since: number): Failure | null {
  const state = service.update?.state ?? "";
  if (!state.startsWith("rollback") && state !== "paused") return null;
  const task = failedTasks(service, since)[0] ?? null;
  const why = task === null ? service.update?.message ?? "" : taskProblem(task);
  return state === "paused"
    ? {
      kind: "paused",
      service: service.name,
      message: `Update of service "${service.name}" stopped half-way: ${why}`,
      task,
    }
    : {
      kind: "rolled-back",
      service: service.name,
      message: `Swarm silently rolled service "${service.name}" back to the version before: ${why}`,
      task,
    };
}

/** A failure that no waiting can heal. */
function finalFailure(service: ServiceState, at: { now: number; since: number }): Failure | null {
  const rejected = service.tasks.find((task) =>
    task.current && task.state === "rejected" && task.createdAt >= at.since
  );
  if (rejected !== undefined) {
    return {
      kind: "rejected",
      service: service.name,
      message: `Service "${service.name}" cannot start: ${taskProblem(rejected)}`,
      task: rejected,
    };
  }
  const pending = service.tasks.find((task) =>
    task.current && task.state === "pending" && task.error !== "" && at.now - task.createdAt >= PENDING_MS
  );
  if (pending !== undefined) {
    return {
      kind: "unschedulable",
      service: service.name,
      message: `Service "${service.name}" cannot be placed: ${pending.error}`,
      task: null,
    };
  }
  const failed = failedTasks(service, at.since).filter((task) => task.current);
  const { condition, maxAttempts } = service.restart;
  const attempts = condition === "none" ? 0 : maxAttempts;
  const usedUp = condition === "none" || maxAttempts > 0;
  const retried = condition !== "none" && service.tasks.some((task) => task.current && isAlive(task));
  const last = failed[0];
  if (last !== undefined && usedUp && failed.length > attempts && !retried) {
    return {
      kind: "gave-up",
      service: service.name,
      message: `Service "${service.name}" has failed and may not be restarted: ${taskProblem(last)}`,
      task: last,
    };
  }
  return null;
}

/** When others could use a running task, as far as anybody can tell; milliseconds since the epoch. */
function readyAt(task: TaskState): number {
  return task.health === "none" ? task.since + UNTOLD_READY_MS : task.since;
}

/** Failures that go on although everything else in the stack stands still. */
function repeatedFailure(service: ServiceState, at: { since: number; settledAt: number }): Failure | null {
  const blamed = (task: TaskState) => task.current && task.createdAt >= Math.max(at.since, at.settledAt);
  const unhealthy = service.tasks.find((task) =>
    blamed(task) && (task.health === "unhealthy" || isUnhealthyEnd(task))
  );
  if (unhealthy !== undefined) {
    return {
      kind: "unhealthy",
      service: service.name,
      message: `Service "${service.name}" never became healthy: its health check fails`,
      task: unhealthy,
    };
  }
  const ends = runsOnce(service) ? ["failed"] : ["failed", "complete"];
  const exits = service.tasks.filter((task) => blamed(task) && ends.includes(task.state))
    .toSorted((a, b) => b.createdAt - a.createdAt);
  const last = exits[0];
  if (last === undefined || exits.length < ENOUGH_EXITS) return null;
  return {
    kind: "exits",
    service: service.name,
    message: last.state === "complete"
      ? `Service "${service.name}" ends again and again right after its start, without an error`
      : `Service "${service.name}" crashes again and again: ${taskProblem(last)}`,
    task: last,
  };
}

/**
 * Whether the service is as its specification wants it. A crash loop shows N/N for fractions of a second, and a
 * container without health check runs before it can answer; hence the minimum age. At the start of an update the N/N
 * tasks are still the old ones, hence `current`; at its end Swarm's monitor must be over, hence `update`.
 */
function ready(service: ServiceState, at: { now: number; since: number }): boolean {
  if (!["", "completed"].includes(service.update?.state ?? "")) return false;
  if (service.tasks.some((task) => !task.current && isAlive(task))) return false;
  const complete =
    service.tasks.filter((task) => runsOnce(service) && task.current && task.state === "complete").length;
  const steadyFor = failedTasks(service, at.since).some((task) => task.current)
    ? STEADY_AFTER_FAILURE_MS
    : STEADY_MS;
  const running = service.tasks.filter((task) =>
    task.current && isRunning(task) &&
    (task.health === "healthy" || (task.health === "none" && at.now - task.since >= steadyFor))
  ).length;
  return complete + running >= service.wanted;
}

/** Whether a task that ends without an error has done what it was there for. */
function runsOnce(service: ServiceState): boolean {
  return service.kind === "job" || service.restart.condition !== "any";
}

function isRunning(task: TaskState): boolean {
  return task.desired === "running" && task.state === "running";
}

/** Whether a task runs or is about to. */
function isAlive(task: TaskState): boolean {
  return ["running", "ready", "complete"].includes(task.desired) && // Swarm wants tasks of jobs to be complete
    !["failed", "rejected", "complete", "shutdown", "orphaned", "remove"].includes(task.state);
}

function isUnhealthyEnd(task: TaskState): boolean {
  return task.state === "failed" && task.error.includes("unhealthy");
}

/** Why a task ended, in words about the app instead of Swarm's own. */
function taskProblem(task: TaskState): string {
  const error = task.error.replace(/^task: /, "");
  const image = /No such image: (\S+)/.exec(error)?.[1];
  if (image !== undefined) return `there is no image "${image}"`;
  if (error.includes("unhealthy container")) return "its health check fails";
  const exit = /non-zero exit \((\d+)\)/.exec(error)?.[1];
  if (exit !== undefined) return `the container ends with exit code ${exit}`;
  return error === "" ? `the task is ${task.state}` : error;
}

function describe(service: ServiceState): string {
  const running = service.tasks.filter((task) => task.current && isRunning(task)).length;
  const newest =
    service.tasks.filter((task) => task.current).toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const health = newest === undefined || newest.health === "none" ? "" : `, health: ${newest.health}`;
  const update = service.update?.state === "updating" ? ", updating" : "";
  return `${service.name} ${running}/${service.wanted} (${newest?.state ?? "no task"}${health}${update})`;
}

import {
  failedTasks,
  type Failure,
  hasFailed,
  isAlive,
  isDone,
  isRunning,
  isUnhealthyEnd,
  lacksAddresses,
  NODE_LACKS,
  runsOnce,
  type ServiceState,
  type Snapshot,
  taskProblem,
  type TaskState,
} from "./stack_state.ts";
import { pausedBlemish, updateFailure } from "./update_failure.ts";

export type Decision =
  | { state: "waiting"; /** e.g. `app 0/1 (starting)` */ text: string; stuck: string[] }
  | {
    state: "converged"; /** What is wrong although the stack runs, one sentence each. */
    blemishes: string[];
  }
  | { state: "failed"; failure: Failure };

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
/** Milliseconds for which Swarm may try in vain to give a service's network its addresses; it tries every 5 s or so. */
const ADDRESSES_MS = 60_000;
/**
 * Milliseconds after its start at which a service without health check counts as ready for others. Only then do
 * failures of what depends on it count.
 */
const UNTOLD_READY_MS = 30_000;
/**
 * How Swarm says that its nodes cannot take a task, too few of them included. What it also says is a taken port of the
 * host and an image for another kind of machine, and these are the recipe's.
 */
const NODES_LACK =
  /insufficient resources|constraints not satisfied|not available for new tasks|max replicas per node limit/;
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
  if (stuck.length === 0 && snapshot.services.length > 0) {
    return {
      state: "converged",
      blemishes: snapshot.services.flatMap((service) => pausedBlemish(service, since)),
    };
  }

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

/** A failure that no waiting can heal. */
function finalFailure(service: ServiceState, at: { now: number; since: number }): Failure | null {
  const refused = service.tasks.filter((task) =>
    task.current && task.state === "rejected" && task.createdAt >= at.since
  );
  const began = service.tasks.some((task) => task.current && task.container !== null);
  const rejected = refused.find((task) =>
    !lacksAddresses(task) || (!began && at.now - task.createdAt >= ADDRESSES_MS)
  );
  if (rejected !== undefined) {
    return {
      kind: "rejected",
      service: service.name,
      message: `Service "${service.name}" cannot start: ${taskProblem(rejected)}`,
      task: rejected,
      // Every image was there before the deploy; Swarm was not given it, or lost it.
      host: rejected.error.includes(NODE_LACKS) || rejected.error.includes("No such image") ||
        lacksAddresses(rejected),
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
      host: NODES_LACK.test(pending.error),
    };
  }
  if (isNowhere(service) && at.now - at.since >= PENDING_MS) {
    return {
      kind: "unschedulable",
      service: service.name,
      message: `Service "${service.name}" cannot be placed: no node is as its constraints ask for (${
        service.constraints.join(", ")
      })`,
      task: null,
      host: true,
    };
  }
  const down = downForGood(service);
  if (down !== null) return down;
  const { condition, maxAttempts } = service.restart;
  const failed = service.tasks.filter((task) =>
    task.current && task.createdAt >= at.since &&
    (hasFailed(task) || !runsOnce(service) && task.state === "complete")
  ).toSorted((a, b) => b.createdAt - a.createdAt);
  const attempts = condition === "none" ? 0 : maxAttempts;
  const usedUp = condition === "none" || maxAttempts > 0;
  const retried = condition !== "none" && service.tasks.some((task) => task.current && isAlive(task));
  const last = failed[0];
  if (last !== undefined && usedUp && failed.length > attempts && !retried) {
    return {
      kind: "gave-up",
      service: service.name,
      message: `Service "${service.name}" has failed and may not be restarted: ${
        isDone(last) ? "the container ends without an error" : taskProblem(last)
      }`,
      task: last,
      host: lacksAddresses(last),
    };
  }
  return null;
}

/**
 * The failure of a service whose container was ended by its health check, and ended without an error then. A restart
 * policy for failures alone starts nothing in its place.
 */
function downForGood(service: ServiceState): Failure | null {
  if (!runsOnce(service)) return null;
  const current = service.tasks.filter((task) => task.current);
  const ended = current.filter((task) => task.state === "complete" && isUnhealthyEnd(task))
    .toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const others = current.filter((task) => isAlive(task) || isDone(task)).length;
  if (ended === undefined || others >= service.wanted) return null;
  const policy = service.kind === "job" ? "" : `, by restart_policy.condition "${service.restart.condition}"`;
  return {
    kind: "unhealthy",
    service: service.name,
    message:
      `Service "${service.name}" is not healthy: its health check fails, and what then ends without an error is not ` +
      `started again${policy}`,
    task: ended,
  };
}

/** Whether a service that shall run on every node that it fits runs on none. */
function isNowhere(service: ServiceState): boolean {
  return service.wanted === 0 && service.everywhere && !service.tasks.some((task) => task.current);
}

/** When others could use a running task, as far as anybody can tell; milliseconds since the epoch. */
export function readyAt(task: TaskState): number {
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
  // A database that is ended in its first start may find broken data ever after.
  const killed =
    service.tasks.some((task) => task.current && task.createdAt >= at.since && isUnhealthyEnd(task))
      ? "; its health check had ended an earlier container, perhaps while that started for the first time"
      : "";
  return {
    kind: "exits",
    service: service.name,
    message: last.state === "complete"
      ? `Service "${service.name}" ends again and again right after its start, without an error`
      : `Service "${service.name}" crashes again and again: ${taskProblem(last)}${killed}`,
    task: last,
  };
}

/**
 * Whether the service is as its specification wants it. A crash loop shows N/N for fractions of a second, and a
 * container without health check runs before it can answer; hence the minimum age. At the start of an update the N/N
 * tasks are still the old ones, hence `current`; at its end Swarm's monitor must be over, hence `update`.
 */
function ready(service: ServiceState, at: { now: number; since: number }): boolean {
  const update = service.update?.state ?? "";
  if (!["", "completed", "paused"].includes(update) || isNowhere(service)) return false;
  if (service.tasks.some((task) => !task.current && isAlive(task))) return false;
  const complete = service.tasks.filter((task) => runsOnce(service) && task.current && isDone(task)).length;
  const steadyFor = failedTasks(service, at.since).some((task) => task.current)
    ? STEADY_AFTER_FAILURE_MS
    : STEADY_MS;
  const running = service.tasks.filter((task) =>
    task.current && isRunning(task) &&
    (task.health === "healthy" && update !== "paused" ||
      ["none", "healthy"].includes(task.health) && at.now - task.since >= steadyFor)
  ).length;
  return complete + running >= service.wanted;
}

function describe(service: ServiceState): string {
  const running = service.tasks.filter((task) => task.current && isRunning(task)).length;
  const newest =
    service.tasks.filter((task) => task.current).toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const health = newest === undefined || newest.health === "none" ? "" : `, health: ${newest.health}`;
  const update = service.update?.state === "updating" ? ", updating" : "";
  return `${service.name} ${running}/${service.wanted} (${newest?.state ?? "no task"}${health}${update})`;
}

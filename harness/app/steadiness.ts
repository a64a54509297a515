import { readyAt } from "../swarm/converge.ts";
import {
  type Failure,
  hasFailed,
  isAlive,
  isDone,
  isRunning,
  lacksAddresses,
  type ServiceState,
  type Snapshot,
  taskProblem,
  type TaskState,
} from "../swarm/stack_state.ts";

/** Number of times that a service may end by itself once its app has started; one more is a failure. */
const FORGIVEN = 2;

/**
 * Milliseconds after a restore within which what had been started before may end: a hook of the restore asks for that,
 * so that the app opens its data anew, and a program takes its time to end.
 */
const STARTED_ANEW_WITHIN_MS = 30_000;

/** What a look at an app that had settled has shown. */
export interface Unsteady {
  /** One sentence for each service that ended since the look before, or that is not wanted to come back. */
  blemishes: string[];
  /** Set when a service has ended too often. */
  failure: Failure | null;
}

/**
 * Counts how often services end by themselves after their app has settled. A single look is no proof that an app runs:
 * a service that ends every few seconds runs between any two ends. Swarm keeps the last five tasks of each place, so
 * that a look now and then misses none that matters.
 */
export class Steadiness {
  /** Since when the app has been as its specification says, milliseconds since the epoch; null: it is being changed. */
  #since: number | null = null;
  /**
   * By service: from when on a task had all that it needs when it was started, though the app had not settled yet. An end
   * of such a task is told, and fails nothing by itself.
   */
  #supplied: ReadonlyMap<string, number> = new Map();
  #restoredAt: number | null = null;
  readonly #seen = new Set<string>();
  /** How often each service has ended so far. */
  readonly #ends = new Map<string, number>();

  /**
   * The app is as it should be from now on, or still is.
   * @param restoredAt when its data was back, milliseconds since the epoch; null: nothing was restored. What ended
   * before then had lost its data, and what was started before another service was ready may have missed that
   */
  settled(snapshot: Snapshot, restoredAt: number | null = null): void {
    this.#since ??= snapshot.now; // what ended since an earlier call counts, if nobody has changed anything
    this.#restoredAt = restoredAt;
    if (restoredAt === null) return;
    const ready = snapshot.services.map(({ name, tasks }) => ({
      name,
      at: Math.max(0, ...tasks.filter(isRunning).map(readyAt)),
    }));
    this.#supplied = new Map(snapshot.services.map(({ name }) => [
      name,
      Math.max(restoredAt, ...ready.filter((other) => other.name !== name).map(({ at }) => at)),
    ]));
  }

  /** What the app's services do from now on is what a change by us leads to: a deploy, or data that is destroyed. */
  changed(): void {
    this.#since = null;
    this.#supplied = new Map();
    this.#restoredAt = null;
  }

  /** Looks which services have ended since they settled. */
  look(snapshot: Snapshot): Unsteady {
    const since = this.#since;
    const blemishes: string[] = [];
    let failure: Failure | null = null;
    for (const service of since === null ? [] : snapshot.services) {
      blemishes.push(...this.#left(service));
      const supplied = this.#supplied.get(service.name) ?? Infinity;
      const ends = service.tasks.filter((task) =>
        (task.since > (since ?? 0) || task.createdAt >= supplied) && !this.#seen.has(task.id) &&
        hasEnded(service, task) && !this.#startedAnew(task)
      ).toSorted((a, b) => a.since - b.since);
      const last = ends.at(-1);
      if (last === undefined) continue;
      for (const task of ends) this.#seen.add(task.id);
      const total = (this.#ends.get(service.name) ?? 0) + ends.length;
      this.#ends.set(service.name, total);
      const times = ends.length === 1 ? "once" : `${ends.length} times`;
      blemishes.push(
        `Service "${service.name}" ended ${times} after it had started, and nothing had asked for that: ${
          why(last)
        }`,
      );
      if (total <= FORGIVEN || last.since <= (since ?? 0)) continue;
      failure ??= {
        kind: "exits",
        service: service.name,
        message: `Service "${service.name}" does not stay up: it has ended ${total} times since it started: ${
          why(last)
        }`,
        task: last,
      };
    }
    return { blemishes, failure };
  }

  /** Whether a task had been started before a restore, and ended soon after it. */
  #startedAnew({ createdAt, since }: TaskState): boolean {
    const restored = this.#restoredAt;
    return restored !== null && createdAt < restored && since <= restored + STARTED_ANEW_WITHIN_MS;
  }

  /**
   * What is missing of a service that Swarm starts again only after a failure, since its program has ended without one.
   * It need not have run once the app had settled: such an end is no failure of the deploy.
   */
  #left(service: ServiceState): string[] {
    if (service.kind === "job" || service.restart.condition !== "on-failure") return [];
    const ended = service.tasks.filter((task) =>
      task.current && task.state === "complete" && !this.#seen.has(task.id)
    );
    const running = service.tasks.filter((task) => task.current && isAlive(task)).length;
    if (ended.length === 0 || running >= service.wanted) return [];
    for (const task of ended) this.#seen.add(task.id);
    const left = running === 0 ? "nothing of it runs" : `${running} of ${service.wanted} tasks run`;
    return [
      `Service "${service.name}" has ended without an error, and ${left}: restart_policy.condition on-failure ` +
      "does not start it again",
    ];
  }
}

/** Whether a task of the present version ended although it should have gone on. */
function hasEnded(service: ServiceState, task: TaskState): boolean {
  if (!task.current) return false; // an update has stopped it
  if (hasFailed(task)) return !lacksAddresses(task);
  return task.state === "complete" && service.kind !== "job" && service.restart.condition === "any";
}

function why(task: TaskState): string {
  return isDone(task) ? "the container ends without an error" : taskProblem(task);
}

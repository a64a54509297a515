import { type Service, servicesOf, type Task, tasksOf } from "./engine.ts";
import { Fatal, say } from "./output.ts";

/** Seconds a deploy may take when the `app` service carries no timeout label. */
const DEFAULT_TIMEOUT_S = 50;
const POLL_MS = 500;

/**
 * Waits until every service runs as many tasks as it wants and no update is under way. The limit is read from the
 * timeout label of the `app` service and of no other.
 * @throws {Fatal} `deploy timed out` or `deploy failed`; the stack stays deployed in either case.
 */
export async function waitForConvergence(stack: string, options: { since: number }): Promise<void> {
  const label = `coop-cloud.${stack}.timeout`;
  const app = (await servicesOf(stack)).find(({ Spec }) => Spec.Name === `${stack}_app`);
  const seconds = Number(app?.Spec.Labels?.[label] || DEFAULT_TIMEOUT_S);
  const end = options.since + seconds * 1000;
  let quiet = 0;
  while (Date.now() < end) {
    const [services, tasks] = await Promise.all([servicesOf(stack), tasksOf(stack)]);
    const failure = findFailure(services, tasks, options.since);
    if (failure !== undefined) throw new Fatal(`deploy failed: ${failure}`);
    // Right after a change the old task still counts, so one good look is not enough.
    quiet = services.every((service) => settled(service, tasks)) ? quiet + 1 : 0;
    if (quiet >= 3) {
      say("INFO", "deploy succeeded");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Fatal(`deploy timed out after ${seconds}s`);
}

/** What makes a deploy hopeless in abra's eyes: an update taken back, or one failed task. */
export function findFailure(services: Service[], tasks: Task[], since: number): string | undefined {
  for (const { Spec, UpdateStatus } of services) {
    const state = UpdateStatus?.State ?? "";
    if (state === "paused" || state.startsWith("rollback")) {
      return `${Spec.Name}: ${UpdateStatus?.Message ?? state}`;
    }
  }
  for (const task of tasks) {
    if (Date.parse(task.CreatedAt) < since || !["failed", "rejected"].includes(task.Status.State)) continue;
    const name = services.find(({ ID }) => ID === task.ServiceID)?.Spec.Name ?? task.ServiceID;
    return `${name}: ${task.Status.Err ?? task.Status.State}`;
  }
  return undefined;
}

/** Whether a service has settled. One that wants no task has; one whose update is under way has not. */
export function settled({ ID, Spec, UpdateStatus }: Service, tasks: Task[]): boolean {
  if (UpdateStatus?.State === "updating") return false;
  const running =
    tasks.filter((task) =>
      task.ServiceID === ID && task.DesiredState === "running" && task.Status.State === "running"
    ).length;
  return Spec.Mode.Replicated === undefined ? running > 0 : running >= (Spec.Mode.Replicated.Replicas ?? 1);
}

import type { Compose } from "../recipe/compose.ts";
import type { Lane } from "../run/names.ts";
import { parseDuration } from "../recipe/compose_values.ts";
import { asMap, composeServices, type ServiceDefinition } from "../recipe/compose_services.ts";

/** Swarm's `update_config.monitor` when a recipe does not set it. */
const DEFAULT_MONITOR_S = 5;
const DEFAULT_INTERVAL_S = 30;
/** Docker's `start_interval` when a recipe does not set it. */
const DEFAULT_START_INTERVAL_S = 5;

/** What the engine makes of health checks. */
export interface EngineHabits {
  /** Whether checks come every `start_interval` while `start_period` lasts, as since version 25. */
  startIntervals: boolean;
}

/** @param version of the engine, such as `28.5.2` or `20.10.24+dfsg1` */
export function habitsOf(version: string): EngineHabits {
  return { startIntervals: Number.parseInt(version) >= 25 };
}

/**
 * Seconds that the recipe's settings add to any fresh deploy, however fast everything is: a task counts as starting
 * until its first health check has passed, and that check runs after one full interval. Services wait at the same time,
 * so the longest wait counts. A deploy that took less time than this was not held up for all of it.
 */
export function imposedByInstall(compose: Compose, habits: EngineHabits): number {
  return Math.max(0, ...Object.values(composeServices(compose)).map((one) => firstCheck(one, habits)));
}

/** The same for an update: each service that changed waits for its first check and then for Swarm's monitor. */
export function imposedByUpgrade(base: Compose, head: Compose, habits: EngineHabits): number {
  const [before, after] = [composeServices(base), composeServices(head)];
  return Math.max(
    0,
    ...Object.entries(after).map(([name, service]) => {
      const old = before[name];
      if (old === undefined) return firstCheck(service, habits);
      if (taskPart(base, old) === taskPart(head, service)) return 0;
      return firstCheck(service, habits) + monitor(service);
    }),
  );
}

/** Adds to a lane what the recipe's settings imposed on a wait that is over: no more than the wait took. */
export async function noteImposed(
  run: { imposed: Record<Lane, number>; swarm: { version(): Promise<string> } },
  wait: {
    lane: Lane;
    /** Monotonic milliseconds when the deploy began, and when it was done. */
    began: number;
    now: number;
    imposed: (habits: EngineHabits) => number;
  },
): Promise<void> {
  const took = (wait.now - wait.began) / 1000;
  const habits = habitsOf(await run.swarm.version());
  run.imposed[wait.lane] += Math.min(wait.imposed(habits), took);
}

/** Seconds that a service's containers get to stop by themselves. */
export function stopGrace(compose: Compose, service: string): number {
  return parseDuration(composeServices(compose)[service]?.stop_grace_period) ?? 10;
}

function firstCheck(service: Record<string, unknown>, { startIntervals }: EngineHabits): number {
  const check = asMap(service.healthcheck);
  if (check.test === undefined && check.interval === undefined) return 0;
  if (check.disable === true || firstWord(check.test) === "NONE") return 0;
  const interval = parseDuration(check.interval) ?? DEFAULT_INTERVAL_S;
  if (!startIntervals || (parseDuration(check.start_period) ?? 0) === 0) return interval;
  return parseDuration(check.start_interval) ?? DEFAULT_START_INTERVAL_S;
}

function monitor(service: Record<string, unknown>): number {
  return parseDuration(asMap(asMap(service.deploy).update_config).monitor) ?? DEFAULT_MONITOR_S;
}

/**
 * The part of a service whose change makes Swarm replace its tasks; labels under `deploy` are not part of it. Configs
 * and secrets are compared by their names in Docker, because a recipe that changes one gives it a new name.
 */
function taskPart(compose: Compose, service: ServiceDefinition): string {
  const { deploy, ...rest } = service;
  const { resources, placement, restart_policy } = asMap(deploy);
  const materials = (["configs", "secrets"] as const).flatMap((section) =>
    namesOf(service[section]).map((name) =>
      compose.files.map((file) => asMap(asMap(file.doc[section])[name]).name ?? name)
    )
  );
  return JSON.stringify([rest, resources, placement, restart_policy, materials]);
}

/** `- name` or `- source: name`. */
function namesOf(references: unknown): string[] {
  if (!Array.isArray(references)) return [];
  return references.map((one) => String(typeof one === "string" ? one : asMap(one).source ?? ""));
}

function firstWord(test: unknown): unknown {
  return Array.isArray(test) ? test[0] : test;
}

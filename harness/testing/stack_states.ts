import type { ServiceState, TaskState } from "../swarm/stack_state.ts";

/** A task that runs, without a health check, since the beginning of time. */
export function taskState(change: Partial<TaskState> = {}): TaskState {
  return {
    id: "t",
    current: true,
    desired: "running",
    state: "running",
    error: "",
    exitCode: 0,
    createdAt: 0,
    since: 0,
    container: "c",
    health: "none",
    ...change,
  };
}

/** A replicated service `app` that wants one task and has none. */
export function serviceState(change: Partial<ServiceState> = {}): ServiceState {
  return {
    name: "app",
    kind: "replicated",
    everywhere: false,
    wanted: 1,
    constraints: [],
    update: null,
    restart: { condition: "any", maxAttempts: 0 },
    tasks: [],
    ...change,
  };
}

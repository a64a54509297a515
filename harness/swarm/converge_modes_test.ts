import assert from "node:assert/strict";
import { decide } from "./converge.ts";
import { serviceState, taskState } from "../testing/stack_states.ts";
import type { ServiceState, TaskState } from "./stack_state.ts";

const DEPLOYED = 100_000;
/** Milliseconds after the deploy at which the stack is looked at. */
const AFTER = 30_000;

function task(change: Partial<TaskState> = {}): TaskState {
  return taskState({ createdAt: DEPLOYED + 100, since: DEPLOYED + 1_000, ...change });
}

/** The modes in which a service can run, and what one that ends by itself means in each. */
const modes = {
  replicated: {},
  global: { everywhere: true, kind: "global" },
  "replicated, runs once": { restart: { condition: "none", maxAttempts: 0 } },
  "replicated-job": { kind: "job", restart: { condition: "none", maxAttempts: 0 } },
  "global-job": { kind: "job", everywhere: true, restart: { condition: "none", maxAttempts: 0 } },
} as const satisfies Record<string, Partial<ServiceState>>;
type Mode = keyof typeof modes;

const ended = task({ desired: "shutdown", state: "complete" });
const failed = task({
  desired: "shutdown",
  state: "failed",
  error: "task: non-zero exit (5)",
  exitCode: 5,
  since: DEPLOYED + 2_000,
});
const old = (change: Partial<TaskState> = {}) =>
  task({ id: "old", current: false, createdAt: 1_000, since: 2_000, ...change });
const stuck = (error: string) => task({ state: "pending", error, container: null });
const paused = { update: { state: "paused", message: "update paused due to failure or early termination" } };
const rolledBack = { update: { state: "rollback_completed", message: "rollback completed" } };

/** A state in which a service may be, and what has to be decided of it in each mode; missing: it cannot be in it. */
const states: { name: string; service: Partial<ServiceState>; expect: Partial<Record<Mode, RegExp>> }[] = [
  {
    name: "runs",
    service: { tasks: [task()] },
    expect: {
      replicated: /^converged$/,
      global: /^converged$/,
      "replicated, runs once": /^converged$/,
    },
  },
  {
    name: "a job at work",
    service: { tasks: [task({ desired: "complete" })] },
    expect: { "replicated-job": /^waiting/, "global-job": /^waiting/ },
  },
  {
    name: "ended with 0",
    service: { tasks: [ended] },
    expect: {
      replicated: /^waiting/, // it will be started again
      "replicated, runs once": /^converged$/,
      "replicated-job": /^converged$/,
      "global-job": /^converged$/,
    },
  },
  {
    name: "failed",
    service: { tasks: [failed] },
    expect: {
      replicated: /^waiting/,
      global: /^waiting/,
      "replicated, runs once": /^gave-up .*exit code 5/,
      "replicated-job": /^gave-up .*exit code 5/,
      "global-job": /^gave-up .*exit code 5/,
    },
  },
  {
    name: "failed in this run, though the run before it was completed",
    service: { tasks: [old({ desired: "complete", state: "complete" }), failed] },
    expect: { "replicated-job": /^gave-up .*exit code 5/, "global-job": /^gave-up .*exit code 5/ },
  },
  {
    name: "not begun with this run, though the run before it was completed",
    service: { tasks: [old({ desired: "complete", state: "complete" })] },
    expect: { "replicated-job": /^waiting/ },
  },
  {
    name: "ended with 0 in an update, which Swarm takes for a failure and pauses",
    service: { ...paused, tasks: [ended] },
    expect: { "replicated, runs once": /^converged$/ },
  },
  {
    name: "ended with 0 in an update, which Swarm takes for a failure and rolls back",
    service: { ...rolledBack, tasks: [{ ...ended, current: false }, task({ id: "back", createdAt: 1_000 })] },
    expect: { "replicated, runs once": /^rolled-back .*has ended, though without an error.*replicated-job/ },
  },
  {
    name: "failed in an update, which Swarm rolls back",
    service: {
      ...rolledBack,
      tasks: [{ ...failed, current: false }, task({ id: "back", createdAt: 1_000 })],
    },
    expect: { replicated: /^rolled-back .*exit code 5/, global: /^rolled-back .*exit code 5/ },
  },
  {
    name: "update paused, and a task of the version before is left",
    service: { ...paused, wanted: 2, tasks: [failed, old()] },
    expect: { replicated: /^paused .*stopped half-way: .*exit code 5/, global: /^paused .*half-way/ },
  },
  {
    name: "update paused, and the next try is on its way",
    service: { ...paused, tasks: [failed, task({ desired: "ready", state: "ready" })] },
    expect: { replicated: /^waiting/, global: /^waiting/ },
  },
  {
    name: "update paused, but current and running for long",
    service: {
      ...paused,
      tasks: [failed, task({ id: "t2", createdAt: DEPLOYED + 7_000, since: DEPLOYED + 8_000 })],
    },
    expect: {
      replicated: /^converged; Swarm paused the update of service "app", which runs now: .*exit code 5$/,
      global: /^converged; Swarm paused/,
    },
  },
  {
    name: "update paused, but current and healthy for a moment",
    service: {
      ...paused,
      tasks: [
        failed,
        task({ id: "t2", health: "healthy", createdAt: DEPLOYED + 7_000, since: DEPLOYED + AFTER - 900 }),
      ],
    },
    expect: { replicated: /^waiting/ },
  },
  {
    name: "update paused, and it fails for the third time",
    service: { ...paused, tasks: [failed, { ...failed, id: "f2" }, { ...failed, id: "f3" }] },
    expect: { replicated: /^exits .*exit code 5/, global: /^exits .*exit code 5/ },
  },
  {
    name: "none wanted",
    service: { wanted: 0, tasks: [] },
    expect: {
      replicated: /^converged$/,
      "replicated, runs once": /^converged$/,
      "replicated-job": /^converged$/,
    },
  },
  {
    name: "none wanted any more, and one still stops",
    service: { wanted: 0, tasks: [old()] },
    expect: { replicated: /^waiting/ },
  },
  {
    name: "no node fits a service that shall run on every node that fits",
    service: { wanted: 0, tasks: [], constraints: ["node.labels.disk == ssd"] },
    expect: {
      global: /^unschedulable host .*constraints ask for \(node\.labels\.disk == ssd\)/,
      "global-job": /^unschedulable host/,
    },
  },
  {
    name: "no node fits its constraints",
    service: { tasks: [stuck("no suitable node (scheduling constraints not satisfied on 1 node)")] },
    expect: {
      replicated: /^unschedulable host .*constraints not satisfied/,
      "replicated, runs once": /^unschedulable host/,
      "replicated-job": /^unschedulable host/,
    },
  },
  {
    name: "no node can give what it reserves",
    service: { tasks: [stuck("no suitable node (insufficient resources on 1 node)")] },
    expect: {
      replicated: /^unschedulable host .*insufficient resources/,
      "replicated-job": /^unschedulable host/,
      "global-job": /^unschedulable host/,
    },
  },
  {
    name: "its nodes are drained or paused",
    service: { tasks: [stuck("no suitable node (1 node not available for new tasks)")] },
    expect: {
      replicated: /^unschedulable host .*not available for new tasks/,
      "replicated-job": /^unschedulable host/,
    },
  },
  {
    name: "it wants more nodes than there are",
    service: { tasks: [stuck("no suitable node (max replicas per node limit exceed)")] },
    expect: { replicated: /^unschedulable host .*max replicas per node limit exceed/ },
  },
  {
    name: "one node is drained and the others are full",
    service: {
      tasks: [
        stuck(
          "no suitable node (2 nodes not available for new tasks; max replicas per node limit exceed)",
        ),
      ],
    },
    expect: { replicated: /^unschedulable host/ },
  },
  {
    name: "its node cannot give what it reserves",
    service: {
      tasks: [
        task({ state: "rejected", desired: "shutdown", error: "assigned node no longer meets constraints" }),
      ],
    },
    expect: { global: /^rejected host .*this machine cannot give what it reserves/ },
  },
  {
    name: "a port of the host is taken",
    service: { tasks: [stuck("no suitable node (host-mode port already in use on 1 node)")] },
    expect: { replicated: /^unschedulable recipe .*host-mode port/, global: /^unschedulable recipe/ },
  },
];

for (const { name, service, expect } of states) {
  for (const [mode, wanted] of Object.entries(expect)) {
    Deno.test(`converge: ${mode}, ${name}`, () => {
      const state = serviceState({ ...modes[mode as Mode], ...service });
      const decision = decide({ now: DEPLOYED + AFTER, services: [state] }, DEPLOYED);
      assert.match(said(decision), wanted);
    });
  }
}

function said(decision: ReturnType<typeof decide>): string {
  if (decision.state === "waiting") return `waiting for ${decision.text}`;
  if (decision.state === "converged") return ["converged", ...decision.blemishes].join("; ");
  const { kind, message, host } = decision.failure;
  return host === undefined ? `${kind} ${message}` : `${kind} ${host ? "host" : "recipe"} ${message}`;
}

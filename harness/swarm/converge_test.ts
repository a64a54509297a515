import assert from "node:assert/strict";
import { decide, onlyCurrent } from "./converge.ts";
import { serviceState, taskState } from "../testing/stack_states.ts";
import type { ServiceState, TaskState } from "./stack_state.ts";

const DEPLOYED = 100_000;

function task(change: Partial<TaskState> = {}): TaskState {
  return taskState({ createdAt: DEPLOYED + 100, since: DEPLOYED + 1_000, health: "healthy", ...change });
}

function service(change: Partial<ServiceState> = {}): ServiceState {
  return serviceState({ tasks: [task()], ...change });
}

/** A task that ended `ms` after the deploy. */
function failed(ms: number, change: Partial<TaskState> = {}): TaskState {
  return task({
    id: `f${ms}`,
    desired: "shutdown",
    state: "failed",
    error: "task: non-zero exit (1)",
    exitCode: 1,
    health: "none",
    createdAt: DEPLOYED + ms - 500,
    since: DEPLOYED + ms,
    ...change,
  });
}

/** A task that Swarm ended because of its health check, and whose container ended without an error then. */
const endedByCheck = failed(9_000, { state: "complete", error: "", exitCode: 0, health: "unhealthy" });

const old = (change: Partial<TaskState> = {}) =>
  task({ id: "old", current: false, createdAt: 1_000, since: 2_000, ...change });

const cases: { name: string; services: ServiceState[]; after?: number; expect: string | RegExp }[] = [
  { name: "nothing there yet", services: [], expect: /^waiting no service yet$/ },
  { name: "one healthy task", services: [service()], expect: "converged" },
  { name: "no replicas wanted", services: [service({ wanted: 0, tasks: [] })], expect: "converged" },
  { name: "two wanted, one running", services: [service({ wanted: 2 })], expect: /^waiting app 1\/2/ },
  {
    name: "before the first health check",
    services: [service({ tasks: [task({ state: "starting", health: "starting" })] })],
    expect: "waiting app 0/1 (starting, health: starting)",
  },
  {
    name: "without health check, just started",
    services: [service({ tasks: [task({ health: "none", since: DEPLOYED + 19_500 })] })],
    expect: /^waiting/,
  },
  {
    name: "without health check, running for a while",
    services: [service({ tasks: [task({ health: "none" })] })],
    expect: "converged",
  },
  {
    name: "crash loop in the moment in which it runs",
    services: [
      service({ tasks: [task({ health: "none", since: DEPLOYED + 18_000 }), failed(1_500), failed(7_300)] }),
    ],
    expect: /^waiting/,
  },
  {
    name: "run-once task that ended well",
    services: [
      service({
        restart: { condition: "on-failure", maxAttempts: 0 },
        tasks: [task({ state: "complete", desired: "shutdown", health: "none" })],
      }),
    ],
    expect: "converged",
  },
  {
    name: "job with three of five completions",
    services: [
      service({
        kind: "job",
        wanted: 5,
        tasks: [1, 2, 3].map((at) =>
          task({ id: `j${at}`, state: "complete", desired: "complete", health: "none" })
        ),
      }),
    ],
    expect: /^waiting/,
  },
  {
    name: "job that may be tried once more and is at it",
    services: [
      service({
        kind: "job",
        restart: { condition: "on-failure", maxAttempts: 1 },
        tasks: [
          failed(1_500),
          failed(2_500),
          task({ id: "third", state: "preparing", desired: "complete", health: "none" }),
        ],
      }),
    ],
    expect: /^waiting/,
  },
  {
    name: "one of two tasks fails that nobody may restart",
    services: [
      service({
        wanted: 2,
        restart: { condition: "none", maxAttempts: 0 },
        tasks: [failed(1_500), task({ health: "none" })],
      }),
    ],
    expect: /^gave-up app/,
  },
  {
    name: "fails three times beside a service that does not say when it can be used",
    services: [
      service({ tasks: [failed(1_500), failed(7_300), failed(13_100)] }),
      service({ name: "db", tasks: [task({ health: "none" })] }),
    ],
    expect: /^waiting app/,
  },
  {
    name: "still fails when that service has had its time",
    services: [
      service({ tasks: [failed(33_000), failed(38_000), failed(43_100)] }),
      service({ name: "db", tasks: [task({ health: "none" })] }),
    ],
    after: 45_000,
    expect: /^exits app/,
  },
  {
    name: "job with all completions",
    services: [
      service({ kind: "job", tasks: [task({ state: "complete", desired: "complete", health: "none" })] }),
    ],
    expect: "converged",
  },
  {
    name: "update begun, old task still there",
    services: [service({ tasks: [old()] })],
    expect: /^waiting app 0\/1/,
  },
  {
    name: "new task healthy, old one not stopped yet",
    services: [service({ tasks: [task(), old()] })],
    expect: /^waiting/,
  },
  {
    name: "new task healthy, monitor not over",
    services: [service({ update: { state: "updating", message: "" } })],
    expect: /updating/,
  },
  {
    name: "update completed",
    services: [
      service({
        update: { state: "completed", message: "" },
        tasks: [task(), old({ state: "shutdown", desired: "shutdown" })],
      }),
    ],
    expect: "converged",
  },
  {
    name: "redeploy that changed nothing: no update status, task from before",
    services: [service({ tasks: [task({ createdAt: 1_000, since: 2_000 })] })],
    expect: "converged",
  },
  {
    name: "rolled back",
    services: [
      service({
        update: { state: "rollback_started", message: "update rolled back" },
        tasks: [
          old({ current: true }),
          failed(9_000, {
            current: false,
            error: "task: non-zero exit (137): dockerexec: unhealthy container",
          }),
        ],
      }),
    ],
    expect: /^rolled-back app .*silently rolled.*health check fails/,
  },
  {
    name: "rollback completed",
    services: [service({ update: { state: "rollback_completed", message: "rollback completed" } })],
    expect: /^rolled-back/,
  },
  {
    name: "image missing",
    services: [service({ tasks: [failed(900, { state: "rejected", error: "No such image: ci/x:99" })] })],
    expect: 'rejected app Service "app" cannot start: there is no image "ci/x:99"',
  },
  {
    name: "rejected before this deploy",
    services: [
      service({
        tasks: [
          task(),
          failed(900, { state: "rejected", createdAt: DEPLOYED - 5_000, error: "No such image: x" }),
        ],
      }),
    ],
    expect: "converged",
  },
  {
    name: "host port taken, for a moment",
    services: [
      service({
        tasks: [task({ state: "pending", error: "no suitable node", createdAt: DEPLOYED + 15_000 })],
      }),
    ],
    expect: /^waiting/,
  },
  {
    name: "host port taken, for good",
    services: [
      service({
        tasks: [task({ state: "pending", error: "no suitable node (host-mode port already in use)" })],
      }),
    ],
    expect: /^unschedulable app .*host-mode port/,
  },
  {
    name: "fails twice, may still come",
    services: [
      service({
        tasks: [task({ state: "ready", desired: "ready", health: "none" }), failed(1_500), failed(7_300)],
      }),
    ],
    expect: /^waiting/,
  },
  {
    name: "fails three times with nothing else to wait for",
    services: [service({ tasks: [failed(1_500), failed(7_300), failed(13_100)] })],
    expect: /^exits app .*crashes again and again: the container ends with exit code 1/,
  },
  {
    name: "fails three times while another service still starts",
    services: [
      service({ tasks: [failed(1_500), failed(7_300), failed(13_100)] }),
      service({ name: "db", tasks: [task({ state: "starting", health: "starting" })] }),
    ],
    expect: /^waiting app .*, db/,
  },
  {
    name: "failures from before the other service was there do not count",
    services: [
      service({ tasks: [failed(1_500), failed(7_300), failed(13_100)] }),
      service({ name: "db", tasks: [task({ since: DEPLOYED + 10_000 })] }),
    ],
    expect: /^waiting app/,
  },
  {
    name: "two services that both crash",
    services: [
      service({ tasks: [failed(1_500), failed(7_300), failed(13_100)] }),
      service({ name: "db", tasks: [failed(1_600), failed(7_400), failed(13_200)] }),
    ],
    expect: /^exits app/,
  },
  {
    name: "unhealthy although all else has settled",
    services: [service({ tasks: [task({ state: "starting", health: "unhealthy" })] })],
    expect: /^unhealthy app .*never became healthy/,
  },
  {
    name: "unhealthy, but started before its database was there",
    services: [
      service({ tasks: [task({ state: "starting", health: "unhealthy" })] }),
      service({ name: "db", tasks: [task({ since: DEPLOYED + 10_000 })] }),
    ],
    expect: /^waiting app 0\/1 \(starting, health: unhealthy\)/,
  },
  {
    name: "allowed attempts used up",
    services: [
      service({
        restart: { condition: "on-failure", maxAttempts: 1 },
        tasks: [failed(1_500), failed(7_300)],
      }),
    ],
    expect: /^gave-up app .*may not be restarted/,
  },
  {
    name: "allowed attempts used up, the last one runs",
    services: [
      service({
        restart: { condition: "on-failure", maxAttempts: 1 },
        tasks: [failed(1_500), failed(7_300), task()],
      }),
    ],
    expect: "converged",
  },
  {
    name: "allowed attempts used up without an error",
    services: [
      service({
        restart: { condition: "any", maxAttempts: 1 },
        tasks: [1_500, 7_300].map((ms) => failed(ms, { state: "complete", error: "", exitCode: 0 })),
      }),
    ],
    expect: /^gave-up app .*may not be restarted: the container ends without an error/,
  },
  {
    name: "ends without error again and again",
    services: [
      service({
        tasks: [1_500, 7_300, 13_100].map((ms) => failed(ms, { state: "complete", error: "", exitCode: 0 })),
      }),
    ],
    expect: /^exits app .*ends again and again/,
  },
  {
    name: "ended by its health check, but without an error, so that nothing starts it again",
    services: [service({ restart: { condition: "on-failure", maxAttempts: 0 }, tasks: [endedByCheck] })],
    expect:
      'unhealthy app Service "app" is not healthy: its health check fails, and what then ends without an error is not started again, by restart_policy.condition "on-failure"',
  },
  {
    name: "one of two ended by its health check, but without an error",
    services: [
      service({ wanted: 2, restart: { condition: "none", maxAttempts: 0 }, tasks: [task(), endedByCheck] }),
    ],
    expect: /^unhealthy app .*restart_policy\.condition "none"$/,
  },
  {
    name: "a job that its health check ended without an error",
    services: [service({ kind: "job", tasks: [{ ...endedByCheck, desired: "complete" }] })],
    expect: /^unhealthy app .*is not started again$/,
  },
  {
    name: "ended by its health check without an error, and started again",
    services: [service({ tasks: [endedByCheck, task()] })],
    expect: "converged",
  },
  {
    name: "ended by its health check without an error each time that it is started",
    services: [
      service({
        tasks: [endedByCheck, task({ id: "t2", state: "starting", health: "starting" })],
      }),
    ],
    expect: /^unhealthy app .*never became healthy/,
  },
  {
    name: "update rolled back because of a health check whose container ended without an error",
    services: [
      service({
        restart: { condition: "on-failure", maxAttempts: 0 },
        update: { state: "rollback_completed", message: "rollback completed" },
        tasks: [task(), { ...endedByCheck, current: false }],
      }),
    ],
    expect: /^rolled-back app Swarm silently rolled .*: its health check fails$/,
  },
];

for (const { name, services, after = 20_000, expect } of cases) {
  Deno.test(`converge: ${name}`, () => {
    const decision = decide({ now: DEPLOYED + after, services }, DEPLOYED);
    const seen = decision.state === "failed"
      ? `${decision.failure.kind} ${decision.failure.service} ${decision.failure.message}`
      : decision.state === "waiting"
      ? `waiting ${decision.text}`
      : "converged";
    if (typeof expect === "string") assert.equal(seen, expect);
    else assert.match(seen, expect);
  });
}

Deno.test("the old version counts as off the network once Swarm wants none of its tasks, though one still stops", () => {
  const only = (...tasks: TaskState[]) => onlyCurrent({ now: 0, services: [service(), service({ tasks })] });
  assert.equal(only(old(), task()), false);
  assert.equal(only(old({ desired: "ready" })), false);
  assert.equal(only(old({ desired: "shutdown" }), task()), true);
  assert.equal(onlyCurrent({ now: 0, services: [] }), false, "nothing is known of a stack without services");
});

Deno.test("an image that Swarm misses is not the recipe's fault, since it was there before the deploy", () => {
  const host = (error: string) => {
    const services = [service({ tasks: [failed(900, { state: "rejected", error })] })];
    const decision = decide({ now: DEPLOYED + 20_000, services }, DEPLOYED);
    return decision.state === "failed" && decision.failure.host === true;
  };
  assert.ok(host("No such image: nginx:1.27"));
  assert.ok(!host("bind source path does not exist"));
});

Deno.test("a network whose addresses another one still has is waited for, and is the machine's when it stays so", () => {
  const error = "invalid pool request: Pool overlaps with other one on this address space";
  const taken = (ms: number) => failed(ms, { state: "rejected", error, container: null });
  const seen = (after: number, change: Partial<ServiceState>) => {
    const decision = decide({ now: DEPLOYED + after, services: [service(change)] }, DEPLOYED);
    if (decision.state !== "failed") return decision.state;
    return `${decision.failure.kind} ${decision.failure.host === true ? "host" : "recipe"}`;
  };
  const waiting = [taken(900), taken(1_500)];
  assert.equal(seen(5_000, { tasks: waiting }), "waiting");
  assert.equal(seen(59_000, { tasks: waiting }), "waiting");
  assert.equal(seen(61_000, { tasks: waiting }), "rejected host");
  assert.equal(seen(61_000, { tasks: [...waiting, task({ container: "c" })] }), "converged");
  const once = { condition: "none" as const, maxAttempts: 0 };
  const done = task({ container: "c", state: "complete", desired: "shutdown" });
  assert.equal(seen(61_000, { restart: once, tasks: [done] }), "converged");
  assert.equal(seen(5_000, { restart: once, tasks: [taken(900)] }), "gave-up host");
  const rolledBack = { update: { state: "rollback_completed", message: "" }, tasks: [old(), ...waiting] };
  assert.equal(seen(5_000, rolledBack), "rolled-back host");
  const stopped = { update: { state: "paused", message: "" }, tasks: [old(), ...waiting] };
  assert.equal(seen(5_000, stopped), "paused host");
  const paused = { update: { state: "paused", message: "" }, tasks: [...waiting, task({ container: "c" })] };
  const runs = decide({ now: DEPLOYED + 20_000, services: [service(paused)] }, DEPLOYED);
  assert.deepEqual(runs, { state: "converged", blemishes: [] });
});

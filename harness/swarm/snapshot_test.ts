import assert from "node:assert/strict";
import { assemble, takeSnapshot } from "./snapshot.ts";
import { container, service, task } from "./schema.ts";
import { Swarm } from "./swarm.ts";

/** As an Engine of API 1.41 answers: defaults filled in for services and left out for tasks. */
const template = {
  ContainerSpec: { Image: "nginx:1", Env: ["A=1"], Isolation: "default", StopGracePeriod: 2e9 },
  Resources: { Limits: {}, Reservations: {} },
  RestartPolicy: { Condition: "on-failure", Delay: 5e9, MaxAttempts: 3 },
  Networks: [{ Target: "n1", Aliases: ["app"] }],
  ForceUpdate: 0,
  Runtime: "container",
};
const web = service.parse({
  ID: "s1",
  Spec: { Name: "stack_app", Labels: null, TaskTemplate: template, Mode: { Replicated: { Replicas: 2 } } },
  UpdateStatus: { State: "updating", Message: "update in progress" },
});

function taskOf(id: string, spec: Record<string, unknown>, change: Record<string, unknown> = {}) {
  return task.parse({
    ID: id,
    CreatedAt: "2026-01-01T00:00:00Z",
    ServiceID: "s1",
    DesiredState: "running",
    Spec: spec,
    Status: {
      Timestamp: "2026-01-01T00:00:01.5Z",
      State: "running",
      ContainerStatus: { ContainerID: `c-${id}` },
    },
    ...change,
  });
}

const sameButSparse = {
  Networks: [{ Aliases: ["app"], Target: "n1" }],
  ContainerSpec: { StopGracePeriod: 2e9, Isolation: "default", Env: ["A=1"], Image: "nginx:1" },
  RestartPolicy: template.RestartPolicy,
};

const snapshot = assemble({
  stack: "stack",
  services: [web],
  tasks: [
    taskOf("new", sameButSparse),
    taskOf("old", { ...sameButSparse, ContainerSpec: { ...sameButSparse.ContainerSpec, Env: ["A=2"] } }),
    taskOf("removed", sameButSparse, { DesiredState: "remove" }),
    taskOf("other", sameButSparse, { ServiceID: "s2" }),
  ],
  containers: [
    container.parse({
      Id: "c-new",
      State: "running",
      Status: "Up 5 seconds (health: starting)",
      Mounts: null,
    }),
    container.parse({ Id: "c-old", State: "running", Status: "Up 2 minutes (unhealthy)" }),
  ],
  unhealthy: [],
  now: 0,
});

Deno.test("tasks of the present specification are told from older ones, whatever the Engine fills in", () => {
  assert.deepEqual(snapshot.services[0]?.tasks.map((one) => [one.id, one.current, one.health]), [
    ["new", true, "starting"],
    ["old", false, "unhealthy"],
  ]);
});

Deno.test("what a service wants and how its update stands", () => {
  const { tasks: _, ...rest } = snapshot.services[0] ?? { tasks: [] };
  assert.deepEqual(rest, {
    name: "app",
    kind: "replicated",
    everywhere: false,
    wanted: 2,
    constraints: [],
    update: { state: "updating", message: "update in progress" },
    restart: { condition: "on-failure", maxAttempts: 3 },
  });
});

/** What a service of this mode wants, with these tasks. */
function wanted(
  service_: { mode: object; desired?: number; run?: number },
  tasks: { node: string; desired: string; run?: number }[],
): number | undefined {
  const { mode, desired, run } = service_;
  const object = service.parse({
    ID: "s1",
    Spec: { Name: "stack_app", TaskTemplate: {}, Mode: mode },
    ...(desired === undefined ? {} : { ServiceStatus: { DesiredTasks: desired, RunningTasks: 0 } }),
    ...(run === undefined ? {} : { JobStatus: { JobIteration: { Index: run } } }),
  });
  const listed = tasks.map(({ node, desired, run }, at) =>
    taskOf(`t${at}`, {}, {
      NodeID: node,
      DesiredState: desired,
      ...(run === undefined ? {} : { JobIteration: { Index: run } }),
    })
  );
  return assemble({
    stack: "stack",
    services: [object],
    tasks: listed,
    containers: [],
    unhealthy: [],
    now: 0,
  }).services[0]
    ?.wanted;
}

Deno.test("how many tasks are wanted is the Engine's to say, for every mode", () => {
  const running = { node: "n1", desired: "running" };
  assert.equal(wanted({ mode: { Replicated: { Replicas: 0 } } }, []), 0);
  assert.equal(wanted({ mode: { Global: {} }, desired: 2 }, [running]), 2);
  assert.equal(wanted({ mode: { Global: {} }, desired: 0 }, []), 0, "it fits no node");
  const again = { node: "n1", desired: "ready" };
  assert.equal(wanted({ mode: { Global: {} }, desired: 0 }, [again]), 1, "Swarm is about to start it again");
  assert.equal(wanted({ mode: { ReplicatedJob: { TotalCompletions: 3 } }, run: 1 }, []), 3);
  const runs = [{ node: "n1", desired: "complete", run: 1 }, { node: "n2", desired: "complete", run: 2 }];
  assert.equal(wanted({ mode: { GlobalJob: {} }, run: 2 }, runs), 1);
});

Deno.test("of a job, only tasks of its present run are current, whatever their specification is", () => {
  const job = service.parse({
    ID: "s1",
    Spec: { Name: "stack_app", TaskTemplate: {}, Mode: { ReplicatedJob: { TotalCompletions: 1 } } },
    JobStatus: { JobIteration: { Index: 7 }, LastExecution: "2026-01-01T00:00:00Z" },
  });
  const tasks = [6, 7].map((run) => taskOf(`run${run}`, {}, { JobIteration: { Index: run } }));
  const seen = assemble({ stack: "stack", services: [job], tasks, containers: [], unhealthy: [], now: 0 });
  assert.deepEqual(seen.services[0]?.tasks.map((one) => one.current), [false, true]);
});

Deno.test("a task that its health check ended is told from one that ended by itself, both without an error", async () => {
  const ended = (streak: number, retries: number) => ({
    State: { Health: { Status: "unhealthy", FailingStreak: streak, Log: null } },
    Config: { Healthcheck: { Test: ["CMD", "true"], Retries: retries } },
  });
  const inspected: Record<string, object> = {
    "c-failing": ended(5, 5),
    "c-usual": ended(3, 0), // three tries are what Docker takes where a check does not say
    "c-stopped": ended(4, 5),
    "c-checkless": { State: {}, Config: {} },
  };
  const swarm = new class extends Swarm {
    constructor() {
      super("/nowhere");
      this.services = () => Promise.resolve([web]);
      this.containers = () => Promise.resolve([]);
      this.tasks = () =>
        Promise.resolve(
          [...Object.keys(inspected), "c-gone"].map((id) =>
            taskOf(id.slice(2), sameButSparse, {
              Status: {
                Timestamp: "2026-01-01T00:00:00Z",
                State: "complete",
                ContainerStatus: { ContainerID: id, ExitCode: 0 },
              },
            })
          ),
        );
      this.docker.getContainer = ((id: string) => ({
        inspect: () =>
          id in inspected ? Promise.resolve(inspected[id]) : Promise.reject(new Error("no such container")),
      })) as never;
    }
  }();
  const [seen] = (await takeSnapshot(swarm, "stack")).services;
  assert.deepEqual(seen?.tasks.map(({ id, health }) => `${id} ${health}`), [
    "failing unhealthy",
    "usual unhealthy",
    "stopped none",
    "checkless none",
    "gone none",
  ]);
});

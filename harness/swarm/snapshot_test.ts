import assert from "node:assert/strict";
import { assemble } from "./snapshot.ts";
import { container, service, task } from "./schema.ts";

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
    wanted: 2,
    update: { state: "updating", message: "update in progress" },
    restart: { condition: "on-failure", maxAttempts: 3 },
  });
});

import { equal } from "node:assert/strict";
import { findFailure, settled } from "./converge.ts";
import type { Service, Task } from "./engine.ts";

function service(change: Partial<Service> = {}, replicas = 1): Service {
  return { ID: "s", Spec: { Name: "x_app", Mode: { Replicated: { Replicas: replicas } } }, ...change };
}
function task(state: string, change: Partial<Task> = {}): Task {
  return {
    ID: "t",
    ServiceID: "s",
    CreatedAt: "2026-01-01T00:00:10.5Z",
    DesiredState: "running",
    Status: { State: state, Err: "task: non-zero exit (1)" },
    ...change,
  };
}
const start = Date.parse("2026-01-01T00:00:10Z");

Deno.test("as many running tasks as wanted is settled, fewer is not, none wanted is", () => {
  equal(settled(service(), [task("running")]), true);
  equal(settled(service({}, 2), [task("running")]), false);
  equal(settled(service(), [task("starting")]), false);
  equal(settled(service({}, 0), []), true);
  equal(settled(service(), [task("running", { DesiredState: "shutdown" })]), false);
});

Deno.test("an update under way is not settled, though the old task still runs", () => {
  equal(settled(service({ UpdateStatus: { State: "updating" } }), [task("running")]), false);
});

Deno.test("a task that failed since the deploy is a failure, an older one is not", () => {
  equal(findFailure([service()], [task("failed")], start), "x_app: task: non-zero exit (1)");
  equal(findFailure([service()], [task("failed")], start + 1000), undefined);
  equal(findFailure([service()], [task("running")], start), undefined);
});

Deno.test("a rollback and a paused update are failures", () => {
  const back = service({ UpdateStatus: { State: "rollback_started", Message: "update rolled back" } });
  equal(findFailure([back], [], start), "x_app: update rolled back");
  equal(findFailure([service({ UpdateStatus: { State: "paused" } })], [], start), "x_app: paused");
});

import assert from "node:assert/strict";
import { stackFailure } from "./wait_converged.ts";
import type { Failure, TaskState } from "./converge.ts";
import type { Swarm } from "./swarm.ts";

const blamed: TaskState = {
  id: "t",
  current: true,
  desired: "running",
  state: "running",
  error: "",
  exitCode: 0,
  createdAt: 0,
  since: 0,
  container: "c1",
  health: "unhealthy",
};

/** Docker with one container, whose health check has failed. */
const swarm = {
  logs: (container: string, lines: number) => Promise.resolve([`last ${lines} of ${container}`]),
  docker: {
    getContainer: () => ({
      inspect: () =>
        Promise.resolve({
          State: {
            Health: { Log: [{ ExitCode: 0, Output: "" }, { ExitCode: 22, Output: "404\nnot here\n" }] },
          },
          Config: { Healthcheck: { Test: ["CMD", "curl", "-f", "localhost"] } },
        }),
    }),
  },
} as unknown as Swarm;

const failure = (change: Partial<Failure>): Failure => ({
  kind: "exits",
  service: "app",
  message: "It ends",
  task: blamed,
  ...change,
});

Deno.test("a failure comes with the last 50 lines of the task that caused it", async () => {
  const error = await stackFailure(swarm, failure({}));
  assert.equal(error.message, "It ends");
  assert.equal(error.code, "converge.exits");
  assert.deepEqual(error.tail, ["last 50 of c1"]);
  assert.equal(error.detail, undefined);
});

Deno.test("a failed health check comes with what it printed", async () => {
  const error = await stackFailure(swarm, failure({ kind: "unhealthy" }));
  assert.match(error.detail ?? "", /`curl -f localhost` ended with exit code 22, printing: 404\nnot here/);
});

Deno.test("a task that never got a container has no lines", async () => {
  const task = { ...blamed, container: null };
  assert.deepEqual((await stackFailure(swarm, failure({ kind: "rejected", task }))).tail, []);
  assert.deepEqual((await stackFailure(swarm, failure({ kind: "unschedulable", task: null }))).tail, []);
});

import assert from "node:assert/strict";
import { taskState } from "../testing/stack_states.ts";
import { stackFailure } from "./wait_converged.ts";
import type { Failure } from "./stack_state.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import { Swarm } from "./swarm.ts";

const blamed = taskState({ container: "c1", health: "unhealthy" });

/** Docker with one container, as it is inspected, and with what it printed. */
class FakeSwarm extends Swarm {
  constructor(container: object, printed?: string) {
    super("/nowhere");
    this.docker.getContainer = () => ({ inspect: () => Promise.resolve(container) }) as never;
    this.logs = (id, lines) => Promise.resolve([printed ?? `last ${lines} of ${id}`]);
  }
}

const check = { Test: ["CMD", "curl", "-f", "localhost"], Interval: 1e9, StartPeriod: 2e9, Retries: 3 };
const unhealthy = {
  Health: {
    Status: "unhealthy",
    Log: [{ ExitCode: 0, Output: "" }, { ExitCode: 22, Output: "404\nnot here\n" }],
  },
};
const swarm = new FakeSwarm({ State: unhealthy, Config: { Healthcheck: check } });

/** What a failure becomes that is the recipe's. */
async function ofStage(failure: Failure, seen: Swarm = swarm): Promise<StageFailure> {
  const error = await stackFailure(seen, failure);
  assert.ok(error instanceof StageFailure);
  return error;
}

const failure = (change: Partial<Failure>): Failure => ({
  kind: "exits",
  service: "app",
  message: "It ends",
  task: blamed,
  ...change,
});

Deno.test("a failure comes with the last lines of the task that caused it", async () => {
  const error = await ofStage(failure({}));
  assert.equal(error.message, "It ends");
  assert.equal(error.code, "converge.exits");
  assert.deepEqual(error.tail, ["last 200 of c1"]);
  assert.equal(error.detail, undefined);
});

Deno.test("a failed health check comes with what it printed", async () => {
  const error = await ofStage(failure({ kind: "unhealthy" }));
  assert.match(error.detail ?? "", /`curl -f localhost` ended with exit code 22, printing: 404\nnot here/);
});

Deno.test("a task that never got a container has no lines", async () => {
  const task = { ...blamed, container: null };
  assert.deepEqual((await ofStage(failure({ kind: "rejected", task }))).tail, []);
  assert.deepEqual((await ofStage(failure({ kind: "unschedulable", task: null }))).tail, []);
});

Deno.test("what this machine lacks is not the recipe's failure", async () => {
  const error = await stackFailure(swarm, failure({ kind: "unschedulable", task: null, host: true }));
  assert.ok(error instanceof InfraFailure);
  assert.equal(error.message, "It ends");
});

const ran = { Running: false, StartedAt: "2026-01-01T00:00:00Z", FinishedAt: "2026-01-01T00:00:09Z" };

Deno.test("a container that its health check ended in its first start is told so, with the time that it had", async () => {
  const ended = { State: { ...unhealthy, ...ran, ExitCode: 137 }, Config: { Healthcheck: check } };
  const task = {
    ...blamed,
    state: "failed",
    error: "task: non-zero exit (137): dockerexec: unhealthy container",
  };
  const { detail } = await ofStage(failure({ kind: "rolled-back", task }), new FakeSwarm(ended));
  assert.match(
    detail ?? "",
    /ended it 9\.0 s after its start, .*start_period of 2\.0 s and then 3 tries, one every 1\.0 s\..*for the first time/,
  );
});

Deno.test("memory that ran out is named, and whose it was", async () => {
  const killed = (memory: number) =>
    ofStage(
      failure({}),
      new FakeSwarm({ State: { ...ran, OOMKilled: true, ExitCode: 137 }, HostConfig: { Memory: memory } }),
    );
  assert.match(
    (await killed(20_971_520)).detail ?? "",
    /more than the 21\.0 MB of memory that the recipe allows/,
  );
  assert.match((await killed(0)).detail ?? "", /no memory was left for it on this machine/);
});

Deno.test("a download that somebody else's server limits is named", async () => {
  const limited = "fetch failed: 429 Too Many Requests for https://example.org/model.bin";
  const { detail } = await ofStage(failure({}), new FakeSwarm({ State: ran }, limited));
  assert.match(detail ?? "", /has limited it: fetch failed: 429 Too Many Requests/);
  assert.equal((await ofStage(failure({}), new FakeSwarm({ State: ran }, "port 429"))).detail, undefined);
});

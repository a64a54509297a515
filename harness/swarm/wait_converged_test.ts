import assert from "node:assert/strict";
import { taskState } from "../testing/stack_states.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import * as schema from "./schema.ts";
import { stackFailure, waitConverged } from "./wait_converged.ts";
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

const template = { ContainerSpec: { Image: "nginx:1.22.1", Env: ["V=2"] }, Runtime: "container" };

/**
 * An engine whose update to a second version fails once, so that Swarm pauses it for good, and starts the task anew, as
 * Docker does by itself; times are those that a real one took. What it says is in its own words and shapes.
 */
class PausingSwarm extends Swarm {
  readonly #deployedAt: number;
  /** Milliseconds after the deploy at which the new task ends as well; Infinity: it stays. */
  readonly #again: number;

  constructor(clock: FakeClock, again: number) {
    super("/nowhere", clock);
    this.#deployedAt = clock.now();
    this.#again = again;
    this.logs = () => Promise.resolve(["no such host: db"]);
    this.docker.getContainer = () => ({ inspect: () => Promise.resolve({ State: {} }) }) as never;
  }
  get #passed(): number {
    return this.clock.now() - this.#deployedAt;
  }
  override services() {
    const state = this.#passed < 5_455 ? { State: "updating", Message: "update in progress" } : {
      State: "paused",
      Message: "update paused due to failure or early termination of task 853lzm34wt41no11719rcdtfy",
    };
    return Promise.resolve([schema.service.parse({
      ID: "s1",
      Spec: { Name: "wiki_app", Labels: {}, TaskTemplate: template, Mode: { Replicated: { Replicas: 1 } } },
      PreviousSpec: { Name: "wiki_app", Labels: {} },
      UpdateStatus: state,
    })]);
  }
  override tasks() {
    const at = (ms: number) => new Date(this.#deployedAt + ms).toISOString();
    const task = (
      id: string,
      created: number,
      status: { since: number; state: string; desired: string; v?: number },
    ) =>
      schema.task.parse({
        ID: id,
        CreatedAt: at(created),
        ServiceID: "s1",
        DesiredState: status.desired,
        Spec: { ContainerSpec: { Image: "nginx:1.22.1", Env: [`V=${status.v ?? 2}`] } },
        Status: {
          Timestamp: at(status.since),
          State: status.state,
          ...(status.state === "failed" ? { Err: "task: non-zero exit (1)" } : {}),
          ContainerStatus: { ContainerID: `c-${id}`, ExitCode: status.state === "failed" ? 1 : 0 },
        },
      });
    const failed = (since: number) => ({ since, state: "failed", desired: "shutdown" });
    const passed = this.#passed;
    const first = passed < 5_455 ? { since: 3_900, state: "running", desired: "running" } : failed(5_455);
    const second = passed < this.#again
      ? { since: 11_200, state: "running", desired: "running" }
      : failed(this.#again);
    return Promise.resolve([
      task("old", -5_008, { since: 3_703, state: "shutdown", desired: "shutdown", v: 1 }),
      ...(passed < 83 ? [] : [task("853lzm34wt41no11719rcdtfy", 83, first)]),
      ...(passed < 11_200 ? [] : [task("z8gxl7", 5_546, second)]),
      ...(passed < this.#again + 5_000 ? [] : [task("zbce6d", this.#again, failed(this.#again + 4_000))]),
    ]);
  }
  override containers() {
    return Promise.resolve([]);
  }
}

/** Waits for an update that Swarm pauses. @returns what came of it, and after how many seconds */
async function pausedUpdate(again = Infinity) {
  const clock = new FakeClock();
  const since = clock.now();
  const waiting = waitConverged(new PausingSwarm(clock, again), {
    stack: "wiki",
    since,
    timeoutMs: 120_000,
    log: () => {},
    signal: new AbortController().signal,
    clock,
  });
  const came = await waiting.then(({ blemishes }) => ({ blemishes }), (error: StageFailure) => ({ error }));
  return { ...came, seconds: Math.round((clock.now() - since) / 1000) };
}

Deno.test("an update that Swarm paused has converged once its new task has stayed up, and the pause is told", async () => {
  const { seconds, ...came } = await pausedUpdate();
  assert.deepEqual(came, {
    blemishes: [
      'Swarm paused the update of service "app", which runs now: the container ends with exit code 1',
    ],
  });
  assert.equal(seconds, 17, "6 s after the new task began to run");
});

Deno.test("an update that Swarm paused and whose tasks go on ending has failed", async () => {
  const { seconds, ...came } = await pausedUpdate(14_000);
  assert.ok("error" in came);
  assert.match(came.error.message, /^Service "app" crashes again and again: .*exit code 1/);
  assert.deepEqual([came.error.code, came.error.tail], ["converge.exits", ["no such host: db"]]);
  assert.equal(seconds, 19);
});

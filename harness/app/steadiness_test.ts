import assert from "node:assert/strict";
import { serviceState, taskState } from "../testing/stack_states.ts";
import type { ServiceState, Snapshot, TaskState } from "../swarm/stack_state.ts";
import { Steadiness } from "./steadiness.ts";

const SETTLED = 100_000;

function task(id: string, change: Partial<TaskState> = {}): TaskState {
  return taskState({ id, since: SETTLED - 1_000, container: `c-${id}`, ...change });
}

/** A task that ended so many milliseconds after the app had settled. */
function end(id: string, ms: number, change: Partial<TaskState> = {}): TaskState {
  const error = "task: non-zero exit (1)";
  return task(id, { desired: "shutdown", state: "failed", error, since: SETTLED + ms, ...change });
}

function service(tasks: TaskState[], change: Partial<ServiceState> = {}): ServiceState {
  return serviceState({ name: "side", tasks, ...change });
}

/** A stack at a time, with these services. */
function at(now: number, ...services: ServiceState[]): Snapshot {
  return { now, services };
}

function settled(): Steadiness {
  const steadiness = new Steadiness();
  steadiness.settled(at(SETTLED));
  return steadiness;
}

const look = (steadiness: Steadiness, tasks: TaskState[], change: Partial<ServiceState> = {}) =>
  steadiness.look({ now: 0, services: [service([task("app")], { name: "app" }), service(tasks, change)] });

Deno.test("a service that ends every few seconds is a blemish each time, and a failure the third time", () => {
  const steadiness = settled();
  const first = look(steadiness, [end("a", 8_000), task("b")]);
  assert.deepEqual(first, {
    blemishes: [
      'Service "side" ended once after it had started, and nothing had asked for that: ' +
      "the container ends with exit code 1",
    ],
    failure: null,
  });
  assert.deepEqual(
    look(steadiness, [end("a", 8_000), task("b")]),
    { blemishes: [], failure: null },
    "told once",
  );
  assert.equal(look(steadiness, [end("a", 8_000), end("b", 16_000), task("c")]).failure, null);
  const third = look(steadiness, [end("b", 16_000), end("c", 24_000), task("d")]);
  assert.match(third.failure?.message ?? "", /"side" does not stay up: it has ended 3 times.*exit code 1/);
  assert.equal(third.failure?.task?.container, "c-c");
});

Deno.test("several ends between two looks count each", () => {
  const { blemishes, failure } = look(settled(), [end("a", 1), end("b", 2), end("c", 3)]);
  assert.match(blemishes[0] ?? "", /ended 3 times/);
  assert.match(failure?.message ?? "", /3 times/);
});

Deno.test("what a deploy, destroyed data or the service's own settings explain does not count", () => {
  const none = { blemishes: [], failure: null };
  const changing = settled();
  changing.changed();
  assert.deepEqual(look(changing, [end("a", 8_000)]), none);
  changing.settled(at(SETTLED + 10_000));
  assert.deepEqual(look(changing, [end("a", 8_000)]), none, "it ended before the app settled again");
  assert.equal(look(changing, [end("b", 12_000)]).blemishes.length, 1);
  assert.deepEqual(look(new Steadiness(), [end("a", 8_000)]), none);
  assert.deepEqual(look(settled(), [end("old", 8_000, { current: false })]), none);
  const error = "invalid pool request: Pool overlaps with other one on this address space";
  assert.deepEqual(look(settled(), [end("a", 8_000, { state: "rejected", error, container: null })]), none);
  const done = end("a", 8_000, { state: "complete", error: "" });
  assert.deepEqual(look(settled(), [done], { restart: { condition: "none", maxAttempts: 0 } }), none);
  assert.deepEqual(look(settled(), [done], { kind: "job" }), none);
  assert.match(look(settled(), [done]).blemishes[0] ?? "", /ends without an error/);
  const killed = end("a", 8_000, { error: "task: non-zero exit (137): dockerexec: unhealthy container" });
  assert.match(look(settled(), [killed]).blemishes[0] ?? "", /its health check fails/);
});

Deno.test("an end before somebody waits for an app that nobody has changed counts", () => {
  const steadiness = settled();
  steadiness.settled(at(SETTLED + 20_000));
  const { blemishes } = look(steadiness, [end("a", 8_000), task("b")]);
  assert.match(blemishes.join(), /^Service "side" ended once after it had started/);
});

Deno.test("a service that is started again only after a failure, and has ended without one, is a blemish", () => {
  const restart = { condition: "on-failure", maxAttempts: 0 } as const;
  const done = (id: string) => end(id, -5_000, { state: "complete", error: "" });
  const steadiness = settled();
  assert.deepEqual(look(steadiness, [done("a")], { restart }), {
    blemishes: [
      'Service "side" has ended without an error, and nothing of it runs: ' +
      "restart_policy.condition on-failure does not start it again",
    ],
    failure: null,
  });
  assert.deepEqual(look(steadiness, [done("a")], { restart }).blemishes, [], "told once");
  const two = look(settled(), [done("a"), task("b"), task("c")], { restart, wanted: 3 });
  assert.match(two.blemishes.join(), /and 2 of 3 tasks run: /);
  assert.deepEqual(look(settled(), [done("a"), task("b")], { restart }).blemishes, [], "one runs, as wanted");
  const old = { ...done("a"), current: false };
  assert.deepEqual(look(settled(), [old, task("b", { since: SETTLED })], { restart }).blemishes, []);
  assert.deepEqual(look(settled(), [done("a")], { restart, kind: "job" }).blemishes, []);
});

Deno.test("what ends between a restore and the app's recovery counts, unless its data or another service was not there", () => {
  const RESTORED = SETTLED - 60_000;
  const database = service([
    task("db", { health: "healthy", createdAt: RESTORED + 2_000, since: RESTORED + 5_000 }),
  ], {
    name: "db",
  });
  const ended = (id: string, started: number) =>
    end(id, 0, { createdAt: RESTORED + started, since: RESTORED + started + 500 });
  const said = (tasks: TaskState[]) => {
    const steadiness = new Steadiness();
    const now = at(SETTLED, database, service([...tasks, task("z", { createdAt: RESTORED + 50_000 })]));
    steadiness.changed();
    steadiness.settled(now, RESTORED);
    return { steadiness, now, ...steadiness.look(now) };
  };
  assert.deepEqual(said([ended("a", -3_000)]).blemishes, [], "its data was gone when it started");
  assert.deepEqual(said([ended("a", 3_000)]).blemishes, [], "the database was not ready");
  const { steadiness, now, blemishes, failure } = said(
    ["a", "b", "c"].map((id, at) => ended(id, 6_000 + 1_000 * at)),
  );
  assert.match(blemishes.join(), /^Service "side" ended 3 times after it had started/);
  assert.equal(failure, null, "it recovered");
  const next = steadiness.look(at(now.now + 9_000, service([end("z", 8_000), task("y")])));
  assert.match(next.failure?.message ?? "", /has ended 4 times/);
  const again = new Steadiness();
  again.settled(now);
  assert.deepEqual(again.look(now).blemishes, [], "nothing was restored, and a deploy explains it");
});

Deno.test("what a restore's hook has started anew may end once the app has settled, and nothing may much later", () => {
  const RESTORED = SETTLED - 1_000;
  const said = (id: string, { started, ended }: { started: number; ended: number }) => {
    const steadiness = new Steadiness();
    steadiness.changed();
    steadiness.settled(at(SETTLED, service([task(id)])), RESTORED);
    const gone = end(id, 0, { createdAt: RESTORED + started, since: RESTORED + ended });
    return steadiness.look(at(RESTORED + ended + 1_000, service([gone, task("z")]))).blemishes.length;
  };
  assert.equal(said("a", { started: -60_000, ended: 5_000 }), 0);
  assert.equal(said("b", { started: -60_000, ended: 40_000 }), 1);
  assert.equal(said("c", { started: 500, ended: 5_000 }), 1, "it was started with its data");
});

Deno.test("a recorded service that ends a second after each start has failed the third time", async () => {
  const file = new URL("../testing/snapshots/global-crash.json", import.meta.url);
  const { frames } = JSON.parse(await Deno.readTextFile(file)) as { frames: Snapshot[] };
  const steadiness = new Steadiness();
  steadiness.settled(at(3_500));
  const seen = frames.map((frame) => steadiness.look(frame));
  assert.equal(seen.flatMap((one) => one.blemishes).length >= 3, true);
  const failure = seen.find((one) => one.failure !== null)?.failure;
  assert.match(failure?.message ?? "", /"app" does not stay up: it has ended 3 times.*exit code 3/);
});

import assert from "node:assert/strict";
import type { RunParams } from "../../protocol/params.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { FakeDrone } from "../testing/fake_drone.ts";
import { DroneEngine } from "./drone.ts";

const params: RunParams = {
  RECIPE: "custom-html",
  REF: "a".repeat(40),
  PR: "1",
  SRC: "recipe-maintainers/custom-html",
  RUN: "abcdef012345-1",
};
const { RUN } = params;

function scene() {
  const clock = new FakeClock();
  const drone = new FakeDrone(clock);
  const again = (token = "drone-token", url = "https://drone.example/") =>
    new DroneEngine({
      ...{ url, token, repo: drone.repo, branch: "main", commit: drone.commit },
      fetch: drone.fetch,
      clock,
    });
  return { clock, drone, again, engine: again() };
}

Deno.test("DroneEngine names a run's build, and its page if people can be expected to reach it", async () => {
  const { engine, again } = scene();
  assert.equal(engine.page(RUN), null);
  await engine.start(params);
  const page = { name: "Drone build 1", url: "https://drone.example/cc-ci/cc-ci/1" };
  assert.deepEqual(engine.page(RUN), page);
  const later = again();
  await later.state(RUN);
  assert.deepEqual(later.page(RUN), page);
  const inside = again("drone-token", "http://10.0.0.2:8080");
  await inside.state(RUN);
  assert.equal(inside.page(RUN), null);
});

Deno.test("DroneEngine creates one build with the five parameters, at the pinned commit", async () => {
  const { drone, engine, again } = scene();
  assert.deepEqual(await engine.state(RUN), { kind: "unknown" });
  assert.deepEqual(await engine.start(params), { ok: true });
  assert.deepEqual(drone.build(RUN).params, params);
  assert.deepEqual(await engine.state(RUN), { kind: "waiting" });
  assert.deepEqual(await engine.start(params), { ok: true });
  assert.deepEqual(await again().start(params), { ok: true }, "nor does a bridge that was started anew");
  assert.equal(drone.builds.length, 1);
  drone.take(RUN);
  assert.deepEqual(await again().state(RUN), { kind: "running" });
});

for (
  const [code, outcome] of [
    [0, "passed"],
    [1, "failed"],
    [2, "infra"],
    [3, "infra"],
    [4, "cancelled"],
    [
      5,
      "timed_out",
    ],
    [78, "infra"],
    [127, "infra"],
    [137, "infra"],
    [-1, "infra"],
  ] as const
) {
  Deno.test(`DroneEngine takes exit code ${code} for ${outcome}`, async () => {
    const { drone, engine } = scene();
    await engine.start(params);
    drone.take(RUN);
    drone.end(RUN, code);
    const state = await engine.state(RUN);
    assert.equal(state.kind === "ended" && state.outcome, outcome);
  });
}

Deno.test("DroneEngine looks a build up whose creation was not answered, before it creates another", async () => {
  for (const lost of ["answer lost", 504] as const) {
    const { drone, engine } = scene();
    drone.fault = ({ method }) => {
      if (method !== "POST") return undefined;
      drone.fault = () => undefined;
      if (lost === "answer lost") return lost;
      void drone.fetch(
        `https://drone.example/api/repos/${drone.repo}/builds?${new URLSearchParams({
          ...params,
          branch: "main",
          commit: drone.commit,
        })}`,
        { method: "POST", headers: { authorization: "Bearer drone-token" } },
      );
      return new Response("<html>", { status: lost });
    };
    const answer = await engine.start(params);
    assert.equal(!answer.ok && answer.kind, "unsure");
    assert.deepEqual(await engine.start(params), { ok: true });
    assert.equal(drone.builds.length, 1);
  }
});

Deno.test("DroneEngine waits a minute before it takes an unanswered creation for failed", async () => {
  const { drone, again, clock } = scene();
  const memory = { since: clock.now(), askedAt: clock.now() };
  clock.pass(59);
  assert.equal((await again().state(RUN, memory)).kind, "away");
  const answer = await again().start(params, memory);
  assert.equal(!answer.ok && answer.kind, "away");
  assert.equal(drone.builds.length, 0);
  clock.pass(1);
  assert.deepEqual(await again().state(RUN, memory), { kind: "unknown" });
  assert.deepEqual(await again().start(params, memory), { ok: true });
});

Deno.test("DroneEngine finds a build behind hundreds of others, and none that somebody restarted", async () => {
  const { drone, engine, again } = scene();
  await engine.start(params);
  for (let other = 0; other < 230; other++) {
    await engine.start({ ...params, RUN: `other${String(other).padStart(6, "0")}-1` });
  }
  drone.builds.push({ ...drone.build(RUN), number: 232, parent: 1, status: "killed" }); // restarted by hand
  assert.deepEqual(await again().state(RUN), { kind: "waiting" });
});

Deno.test("DroneEngine looks no further back than a run can be, and once", async () => {
  const { drone, again, clock } = scene();
  const others = (which: string, count: number) =>
    Array.from({ length: count }, (_, other) => `${which}${String(other).padStart(9, "0")}-1`);
  drone.queue(others("old", 1_500));
  clock.pass(3_600);
  const memory = { since: clock.now(), askedAt: null };
  drone.requests.length = 0;
  assert.deepEqual(await again().start(params, memory), { ok: true });
  assert.deepEqual(drone.requests.map((request) => request.split(" ")[0]), ["GET", "POST"]);
  drone.queue(others("new", 1_100));
  assert.deepEqual(await again().state(RUN, memory), { kind: "waiting" }, "however many came after it");
});

Deno.test("DroneEngine creates builds by a call that may take long, and nothing else", async () => {
  const { drone } = scene();
  const calls: string[] = [];
  const noted = (kind: string): typeof fetch => (input, init) => {
    calls.push(`${kind} ${init?.method}`);
    return drone.fetch(input, init);
  };
  const engine = new DroneEngine({
    ...{ url: "https://drone.example", token: "drone-token", repo: drone.repo, branch: "main" },
    ...{ commit: drone.commit, fetch: noted("short"), createFetch: noted("long") },
  });
  await engine.problems();
  await engine.start(params);
  await engine.cancel(RUN);
  assert.deepEqual([...new Set(calls)], ["short GET", "long POST", "short DELETE"]);
});

Deno.test("DroneEngine forgets runs that nobody asks about any more, and finds them again", async () => {
  const { drone, engine, clock } = scene();
  await engine.start(params);
  clock.pass(60);
  await engine.state(RUN);
  const lists = () => drone.requests.filter((request) => request.endsWith("/builds")).length;
  const before = lists();
  await engine.forget(clock.now());
  await engine.state(RUN);
  assert.equal(lists(), before, "it was just asked about");
  clock.pass(60);
  await engine.forget(clock.now());
  assert.deepEqual(await engine.state(RUN), { kind: "waiting" });
  assert.equal(lists(), before + 1);
});

Deno.test("DroneEngine says why no build came into being", async () => {
  const { drone, engine, again } = scene();
  const said = async (one = engine) => {
    const answer = await one.start(params);
    return answer.ok ? "started" : answer.message;
  };
  drone.pipeline = "no match";
  assert.match(await said(), /has no pipeline for event "custom"/);
  drone.pipeline = "missing";
  assert.match(await said(), /is there a "\.drone\.yml" at the pinned commit/);
  assert.match(await said(again("wrong")), /401/);
  const elsewhere = new DroneEngine({
    ...{
      url: "https://drone.example",
      token: "drone-token",
      repo: drone.repo,
      branch: "gone",
      commit: "e".repeat(40),
    },
    fetch: drone.fetch,
    clock: new FakeClock(),
  });
  assert.match(await said(elsewhere), /did not find the repository, branch or commit/);
  drone.pipeline = "bad";
  assert.equal(await said(), "started");
  const state = await engine.state(RUN);
  assert.ok(state.kind === "ended" && state.outcome === "infra" && /yaml: line 3/.test(state.cause ?? ""));
});

Deno.test("DroneEngine leaves a running build to the dashboard's cancel for a minute, then deletes it", async () => {
  const { drone, engine, clock } = scene();
  await engine.start(params);
  drone.take(RUN);
  await engine.cancel(RUN);
  clock.pass(45);
  await engine.cancel(RUN);
  assert.equal(drone.build(RUN).status, "running");
  clock.pass(15);
  await engine.cancel(RUN);
  assert.deepEqual(await engine.state(RUN), { kind: "ended", outcome: "cancelled", cause: null });
});

Deno.test("DroneEngine deletes at once what a harness that is gone has left", async () => {
  const { drone, engine } = scene();
  await engine.start(params);
  drone.take(RUN);
  await engine.cancel(RUN, { gone: true });
  assert.equal(drone.build(RUN).status, "killed");
});

Deno.test("DroneEngine deletes a build that waits at once", async () => {
  const { drone, engine } = scene();
  await engine.start(params);
  await engine.cancel(RUN);
  assert.equal(drone.build(RUN).status, "killed");
  await engine.cancel(RUN);
  assert.equal(drone.requests.filter((request) => request.startsWith("DELETE")).length, 1);
});

Deno.test("DroneEngine tells Drone's time limit from a cancel in Drone and from what a dead runner left", async () => {
  for (
    const [seconds, code, outcome] of [
      ...[[3600, 137, "timed_out"], [3660, 137, "timed_out"], [3661, 137, "infra"]] as const,
      ...[[3600, 130, "infra"], [5400, 130, "infra"]] as const,
      ...[[120, 137, "cancelled"], [120, 130, "cancelled"]] as const,
    ]
  ) {
    const { drone, engine, clock } = scene();
    await engine.start(params);
    drone.take(RUN);
    clock.pass(seconds);
    drone.kill(RUN, code);
    const state = await engine.state(RUN);
    assert.equal(state.kind === "ended" && state.outcome, outcome, `${code} after ${seconds} s`);
  }
});

Deno.test("DroneEngine never waits for ever for a runner that died", async () => {
  const { drone, engine, clock } = scene();
  await engine.start(params);
  drone.take(RUN);
  clock.pass(66 * 60);
  assert.equal((await engine.state(RUN)).kind, "lost");
  await engine.cancel(RUN);
  assert.equal(drone.build(RUN).status, "killed", "the leftover is cleared away");
  // One that died between taking the stage and starting it.
  const taken = { ...params, RUN: "taken0123456-1" };
  await engine.start(taken);
  drone.take(taken.RUN);
  drone.build(taken.RUN).status = "pending";
  for (const stage of drone.build(taken.RUN).stages) stage.status = "pending";
  assert.deepEqual(await engine.state(taken.RUN), { kind: "waiting" });
  clock.pass(91);
  assert.equal((await engine.state(taken.RUN)).kind, "lost");
});

Deno.test("DroneEngine calls what Drone never ran CI trouble, and a Drone that is away, away", async () => {
  const { drone, engine } = scene();
  await engine.start(params);
  for (const status of ["skipped", "declined", "blocked"]) {
    drone.build(RUN).status = status;
    const state = await engine.state(RUN);
    assert.equal(state.kind === "ended" && state.outcome, "infra", status);
  }
  drone.build(RUN).status = "success"; // without any step
  const state = await engine.state(RUN);
  assert.equal(state.kind === "ended" && state.outcome, "infra");
  drone.fault = () => new Response("<html>", { status: 502 });
  assert.equal((await engine.state(RUN)).kind, "away");
  drone.fault = () => new Response("null");
  assert.equal((await engine.state(RUN)).kind, "away");
  drone.fault = () => undefined;
  drone.builds.length = 0;
  assert.equal((await engine.state(RUN)).kind, "lost");
});

Deno.test("DroneEngine refuses parameters that are not of the agreed form", async () => {
  const { drone, engine } = scene();
  assert.equal((await engine.start({ ...params, REF: "$(id)" })).ok, false);
  assert.deepEqual(drone.requests, []);
});

Deno.test("DroneEngine says what is wrong with Drone's settings", async () => {
  const { drone, engine, again } = scene();
  assert.deepEqual(await engine.problems(), []);
  Object.assign(drone.settings, { timeout: 30, protected: true, ignore_pull_requests: false });
  drone.admin = false;
  const problems = await engine.problems();
  for (const word of [/30 min: set it to 60/, /protected/, /ignore_pull_requests/, /no admin/]) {
    assert.ok(problems.some((problem) => word.test(problem)), String(word));
  }
  assert.match((await again("wrong").problems())[0] ?? "", /CCCI_DRONE_TOKEN/);
});

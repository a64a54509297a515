import assert from "node:assert/strict";
import { badGateway } from "../testing/fake_answers.ts";
import type { FakeDrone } from "../testing/fake_drone.ts";
import { command, end, watched } from "../testing/steps.ts";
import { World } from "../testing/world.ts";

/** A world with Drone, in which a command was just given. */
async function asked(prepare: (drone: FakeDrone) => void = () => {}) {
  const world = new World({ drone: true });
  const drone = world.drone ?? assert.fail();
  const pull = await watched(world);
  prepare(drone);
  command(world, pull);
  const text = () => world.bodies()[0] ?? "";
  return { world, drone, pull, text, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

Deno.test("a run that no runner takes is not said to be tested, and whoever runs the CI is told within two minutes", async () => {
  using at = await asked();
  const { world, text } = at;
  const run = await world.runStarted();
  await world.seconds(15);
  assert.match(text(), /^⏳ \*\*Queued: .* waits for a runner/);
  assert.deepEqual(world.vitals.engineProblems, []);
  assert.equal(world.dashboard.runs.get(run)?.announcement.state, "queued");
  await world.seconds(90);
  assert.match(text(), /^⏳ \*\*Queued: [\s\S]*No runner has taken it yet/);
  assert.match(world.vitals.engineProblems.join(), new RegExp(`No runner has taken run "${run}"`));
  await world.seconds(1_700);
  assert.match(text(), /^⏳ \*\*Queued: /, "it keeps its place");
  world.take(run);
  await world.until("it is tested", () => /^⏳ \*\*Testing /.test(text()));
  assert.deepEqual(world.vitals.engineProblems, []);
  assert.equal(world.dashboard.runs.get(run)?.announcement.state, "running");
  await world.seconds(50);
  world.finish(run, "passed");
  await end(world);
  const [took = Infinity] = world.store.durations("custom-html", 1);
  assert.ok(took < 60, `the wait does not count: ${took} s`);
});

Deno.test("a run whose engine is away when its turn comes says so, and starts once it is back", async () => {
  using at = await asked((drone) => drone.fault = () => new Response("", { status: 502 }));
  const { world, drone, text } = at;
  await world.until("it waits", () => /waits for a runner/.test(text()));
  await world.seconds(600);
  assert.match(text(), /^⏳ \*\*Queued: [\s\S]*No runner has taken it yet/);
  assert.match(world.vitals.engineProblems.join(), /No runner has taken run/);
  drone.fault = () => undefined;
  const run = await world.runStarted();
  world.take(run);
  await world.until("it is tested", () => /^⏳ \*\*Testing /.test(text()));
  world.finish(run, "passed");
  await end(world);
});

Deno.test("a run that waits for a runner can be cancelled, and never begins", async () => {
  using at = await asked();
  const { world, drone, pull, text } = at;
  const run = await world.runStarted();
  await world.seconds(20);
  command(world, pull, "!testme cancel");
  await world.until("it is over", () => world.store.liveRuns().length === 0);
  assert.match(text(), /^⏹️/);
  assert.equal(drone.build(run).status, "killed");
  assert.deepEqual(world.vitals.engineProblems, []);
});

Deno.test("a harness that is heard has begun, whatever the engine says or does not say", async () => {
  using at = await asked();
  const { world, drone, text } = at;
  const run = await world.runStarted();
  await world.until("the dashboard knows it", () => world.dashboard.runs.has(run));
  drone.fault = () => new Response("", { status: 502 });
  world.dashboard.progress(run, [{ name: "fetch", running: true, report: null }]);
  await world.until("it is tested", () => /^⏳ \*\*Testing /.test(text()));
});

Deno.test("a harness that is told to stop has a minute to tear down before Drone kills it", async () => {
  using at = await asked();
  const { world, drone, pull, text } = at;
  const run = await world.runStarted();
  world.take(run);
  await world.until("it is tested", () => /^⏳ \*\*Testing /.test(text()));
  command(world, pull, "!testme cancel");
  for (let seconds = 0; seconds < 50; seconds += 10) {
    world.dashboard.heartbeat(run);
    await world.seconds(10);
  }
  assert.equal(drone.build(run).status, "running");
  world.finish(run, "cancelled");
  await end(world);
  assert.match(text(), /^⏹️/);
  assert.deepEqual(drone.requests.filter((request) => request.startsWith("DELETE")), []);
});

Deno.test("a run's comment leads to its build at Drone, after a restart, too, and to another one for another attempt", async () => {
  using at = await asked();
  const { world, drone, text } = at;
  const build = (number: number) =>
    new RegExp(`\\[Drone build ${number}\\]\\(https://drone.example/cc-ci/cc-ci/${number}\\)`);
  const run = await world.runStarted();
  world.take(run);
  await world.until("it is tested", () => /^⏳ \*\*Testing /.test(text()));
  assert.match(text(), build(1));
  world.finish(run, "infra");
  await world.until("it is tried again", () => world.started().length === 2);
  const again = world.started()[1] ?? "";
  world.take(again);
  await world.until("the second attempt runs", () => /^⏳ \*\*Testing /.test(text()));
  assert.match(text(), build(2));
  assert.doesNotMatch(text(), build(1));
  drone.fault = () => badGateway();
  world.restart();
  await world.seconds(5);
  assert.match(text(), build(2));
  drone.fault = () => undefined;
  world.finish(again, "passed");
  await end(world);
  assert.match(text(), /^✅ /);
  assert.match(text(), build(2));
});

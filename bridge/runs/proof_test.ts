import assert from "node:assert/strict";
import { command, end, nth, watched } from "../testing/steps.ts";
import { World } from "../testing/world.ts";

/** A run that Drone says runs, and of whose harness nothing was heard. */
async function running() {
  const world = new World({ drone: true });
  const drone = world.drone ?? assert.fail();
  command(world, await watched(world));
  const run = await nth(world, 1);
  await world.until("it has begun", () => world.store.liveRuns()[0]?.started_at !== null);
  const text = () => world.bodies()[0] ?? "";
  return { world, drone, run, text, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

Deno.test("a pass of a harness that was never heard is CI trouble, tried again, and never shown as a pass", async () => {
  using at = await running();
  const { world, drone, run, text } = at;
  const shown = new Set<string | undefined>();
  drone.end(run, 0); // As Drone takes a step without commands.
  await world.until("it is tried again", () => {
    shown.add(world.dashboard.runs.get(run)?.announcement.state);
    assert.doesNotMatch(text(), /✅/);
    return world.started().length === 2;
  });
  assert.match(text(), /after CI trouble: The harness was never heard: the engine calls the run passed/);
  assert.ok(!shown.has("passed"), [...shown].join(", "));
  world.finish(await nth(world, 2), "passed");
  await end(world);
  assert.match(text(), /^✅/);
});

Deno.test("a pass counts where one heartbeat was heard, where the dashboard was away, and where there is none", async () => {
  for (const why of ["heard", "heard before a restart", "away", "none"] as const) {
    using at = await running();
    const { world, drone, run, text } = at;
    if (why.startsWith("heard")) world.dashboard.heartbeat(run);
    if (why === "away") world.dashboard.away = true;
    if (why === "none") world.hasDashboard = false;
    await world.seconds(3);
    if (why === "none" || why === "heard before a restart") world.restart();
    drone.end(run, 0);
    await world.seconds(5);
    world.dashboard.away = false;
    await end(world);
    assert.match(text(), /^✅/, why);
    assert.equal(world.started().length, 1, why);
  }
});

Deno.test("a harness that was never heard is told from one that fell silent", async () => {
  for (const heard of [true, false]) {
    using at = await running();
    const { world, run, text } = at;
    if (heard) world.dashboard.heartbeat(run);
    await world.until("it is tried again", () => world.started().length === 2);
    await world.seconds(5);
    if (heard) assert.match(text(), /The harness fell silent: its runner or its machine is gone/);
    else {
      assert.match(text(), /The harness was never heard: .*CCCI\\_DASHBOARD\\_URL and CCCI\\_RUNNER\\_TOKEN/);
      assert.doesNotMatch(text(), /is gone/);
    }
  }
});

Deno.test("what Drone cleared away after its runner died is CI trouble, and tried again", async () => {
  using at = await running();
  const { world, drone, run, text } = at;
  world.clock.pass(5_400); // The bridge is away; Drone clears up after limit and half an hour.
  drone.kill(run, 130);
  world.restart();
  world.finish(await nth(world, 2), "passed");
  await world.until("it is told", () => /✅/.test(text()));
});

import assert from "node:assert/strict";
import { type Scenario, scenarios } from "./testing/scenarios.ts";
import { World } from "./testing/world.ts";

/** What holds at the end of every scenario, wherever the process was killed. */
const invariants: [string, (world: World, scenario: Scenario) => void][] = [
  [
    "runs started as often as they should",
    (world, { starts }) => assert.equal(world.started().length, starts),
  ],
  ["nothing doubled, every comment ours by its marker", (world) => world.assertSound()],
  ["comments as many and with the verdict they should have", (world, { comments }) => {
    const signs = world.bodies().map((body) => comments.find((sign) => body.startsWith(sign)) ?? body);
    assert.deepEqual(signs, comments);
  }],
  ["every run has come to an end", (world) => assert.deepEqual(world.store.liveRuns(), [])],
  ["the dashboard was told every end", (world) => {
    for (const [run, { announcement }] of world.dashboard.runs) {
      assert.ok(!["queued", "running"].includes(announcement.state), `${run} is ${announcement.state}`);
    }
  }],
  ["no token in what anybody can read", (world) => {
    const said = JSON.stringify([world.bodies(), [...world.dashboard.runs.values()]]);
    assert.doesNotMatch(said, /drone-token|bridge-token/);
  }],
];

async function play(scenario: Scenario, killAt: World["killAt"]): Promise<World> {
  const world = new World(scenario);
  world.killAt = killAt;
  try {
    await scenario.play(world);
    for (const [what, holds] of invariants) {
      try {
        holds(world, scenario);
      } catch (cause) {
        assert.fail(`Broken: ${what}: ${cause instanceof Error ? cause.message : cause}`);
      }
    }
    return world;
  } catch (error) {
    world[Symbol.dispose]();
    throw error;
  }
}

/** Every point from both sides takes its time; as a rule each is taken from one. */
const everything = Deno.env.get("CCCI_MATRIX") === "full";

for (const scenario of scenarios) {
  Deno.test(`matrix: ${scenario.name}`, async (t) => {
    using plain = await play(scenario, null);
    const points = plain.effects.map((effect) => effect.replaceAll(/[a-z0-9]{12}-(\d)/g, "RUN-$1"));
    for (const [effect, name] of points.entries()) {
      for (const [side, when] of (["before", "after"] as const).entries()) {
        if (!everything && effect % 2 !== side) continue;
        await t.step(`killed ${when} ${effect + 1}. ${name}`, async () => {
          using world = await play(scenario, { effect, when });
          assert.ok(world.effects.length > effect, "the kill took place");
        });
      }
    }
  });
}

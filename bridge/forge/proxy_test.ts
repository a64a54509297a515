import assert from "node:assert/strict";
import { noRoute } from "../testing/fake_answers.ts";
import { open } from "../testing/scenes.ts";
import { command, nth } from "../testing/steps.ts";

Deno.test("nobody is refused because a proxy knows no route to the forge while that restarts", async () => {
  using at = await open();
  const { world, pull } = at;
  command(world, pull);
  world.gitea.fault = ({ path }) => path.includes("/members/") ? noRoute() : undefined;
  await world.seconds(3);
  world.gitea.fault = () => undefined;
  await world.runStarted();
  assert.match(world.bodies()[0] ?? "", /^⏳/);
});

Deno.test("a run goes on while a proxy knows no route to the forge", async () => {
  using at = await open();
  const { world, pull } = at;
  command(world, pull);
  await nth(world, 1);
  await world.seconds(58);
  world.gitea.fault = noRoute;
  await world.seconds(80);
  world.gitea.fault = () => undefined;
  await world.seconds(70);
  assert.deepEqual(world.engine.cancelled, []);
  assert.deepEqual(world.store.liveRuns().map(({ state, stop }) => ({ state, stop })), [
    { state: "running", stop: null },
  ]);
});

Deno.test("a verdict is not given up, nor written twice, while a proxy knows no route to the forge", async () => {
  using at = await open();
  const { world, pull } = at;
  command(world, pull);
  const run = await nth(world, 1);
  await world.seconds(4);
  world.gitea.fault = noRoute;
  world.finish(run, "passed");
  await world.seconds(240);
  world.gitea.fault = () => undefined;
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /^✅/);
});

Deno.test("what the forge misses once only, it is asked about again before a run is stopped for it", async () => {
  for (const missing of ["pull request", "member"] as const) {
    using at = await open();
    const { world, pull } = at;
    const other = world.gitea.openPull(pull.repo, pull.head);
    await world.seconds(2);
    command(world, other);
    const holding = await nth(world, 1);
    command(world, pull);
    await world.until("it waits", () => world.bodies().length === 2);
    const place = world.gitea.pulls.indexOf(pull);
    if (missing === "member") world.gitea.members.delete("maintainer");
    else world.gitea.pulls.splice(place, 1);
    world.finish(holding, "passed");
    await world.seconds(2);
    if (missing === "member") world.gitea.members.add("maintainer");
    else world.gitea.pulls.splice(place, 0, pull);
    await world.until(`the ${missing} is there`, () => world.started().length === 2);
  }
});

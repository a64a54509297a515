import assert from "node:assert/strict";
import { another, command, end, nth, watched } from "../testing/steps.ts";
import { commits, repo, World } from "../testing/world.ts";
import type { Fault } from "../testing/fake_gitea.ts";

/** A run holds the engine, one of `maintainer` on pull request 1 waits, and one of `other` behind it. */
async function queue(options: { drone?: boolean } = {}) {
  const world = new World(options);
  const pull = await watched(world);
  const { run } = await another(world);
  command(world, pull);
  await world.until("it waits", () => world.bodies().length === 2);
  const third = world.gitea.openPull(repo, commits.second);
  world.gitea.users.set("other", 9);
  world.gitea.members.add("other");
  await world.seconds(3);
  world.gitea.say(third, { user: "other", body: "!testme" });
  await world.until("another waits", () => world.bodies().length === 3);
  return { world, pull, run, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

Deno.test("a run that the forge cannot judge lets the others pass, keeps its place for a day, and expires", async () => {
  const nothing: Fault = ({ path }) =>
    /pulls\/1$/.test(path)
      ? new Response("null", { headers: { "content-type": "application/json" } })
      : undefined;
  for (const comesBack of [true, false]) {
    using at = await queue();
    const { world, run } = at;
    world.gitea.fault = nothing;
    world.finish(run, "passed");
    world.finish(await nth(world, 2), "passed");
    assert.equal(world.engine.started[1]?.PR, "3");
    if (comesBack) {
      world.gitea.fault = () => undefined;
      world.finish(await nth(world, 3), "passed");
    } else {
      for (let hours = 0; hours < 25; hours++) {
        world.clock.pass(3_600);
        await world.seconds(2);
      }
    }
    await end(world);
    const [, body = ""] = world.bodies();
    if (comesBack) assert.match(body, /^✅/);
    else {
      assert.match(body, /^⏹️[\s\S]*It waited for more than 24 hours[\s\S]*`!testme` to start anew/);
      const told = [...world.dashboard.runs.values()].map(({ announcement }) => announcement.state);
      assert.deepEqual(told, ["passed", "expired", "passed"]);
    }
  }
});

Deno.test("a run whose account was renamed while it waited ends with a word on that", async () => {
  for (const status of [301, 307]) {
    using at = await queue();
    const { world, run } = at;
    const headers = { location: "/api/v1/orgs/x/members/newname" };
    world.gitea.fault = ({ path }) =>
      /members\/maintainer$/.test(path) ? new Response(null, { status, headers }) : undefined;
    world.finish(run, "passed");
    world.finish(await nth(world, 2), "passed");
    await end(world);
    assert.match(world.bodies()[1] ?? "", /^⏹️[\s\S]*"maintainer" has another name now/);
    assert.equal(world.engine.started[1]?.PR, "3");
  }
});

Deno.test("a cancel that comes while the forge is asked about the run keeps it from starting", async () => {
  using at = await queue();
  const { world, run } = at;
  const waiting = world.store.liveRuns().find(({ state }) => state === "queued") ?? assert.fail();
  world.gitea.fault = ({ path }) => {
    if (/pulls\/1$/.test(path)) world.store.note(waiting.id, { cancelled_by: "maintainer" });
    return undefined;
  };
  world.finish(run, "passed");
  world.finish(await nth(world, 2), "passed");
  await end(world);
  assert.equal(world.engine.started[1]?.PR, "3");
  assert.match(world.bodies()[1] ?? "", /^⏹️/);
});

Deno.test("a run that no runner takes for a day expires, and its build with it", async () => {
  using world = new World({ drone: true });
  command(world, await watched(world));
  const run = await world.runStarted();
  for (let hours = 0; hours < 25; hours++) {
    world.clock.pass(3_600);
    await world.seconds(2);
  }
  await end(world);
  assert.match(world.bodies()[0] ?? "", /^⏹️[\s\S]*It waited for more than 24 hours/);
  assert.equal(world.drone?.build(run).status, "killed");
  assert.equal(world.dashboard.runs.get(run)?.announcement.state, "expired");
});

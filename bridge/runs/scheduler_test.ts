import assert from "node:assert/strict";
import { pass } from "../testing/scenes.ts";
import { commits, repo, World } from "../testing/world.ts";

const later = { third: "ba5eba1".padEnd(40, "0"), fourth: "decade5".padEnd(40, "0") };
const day = 24 * 3600;

/** A world whose recipe's default branch was tested when it was first seen. */
async function tested() {
  const world = new World({ schedule: 30 });
  world.gitea.repos.push(repo, commits.first);
  await pass(world);
  await world.seconds(40);
  return { world, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

const calls = (world: World, pattern: RegExp) =>
  world.gitea.requests.filter((request) => pattern.test(request)).length;

Deno.test("a recipe that was never tested gets a run of its default branch, without a word on the forge", async () => {
  using at = await tested();
  const { world } = at;
  assert.deepEqual(
    world.engine.started.map(({ RUN: _, ...params }) => params),
    [{ RECIPE: "custom-html", REF: commits.first, PR: "", SRC: repo }],
  );
  const [told] = [...world.dashboard.runs.values()];
  assert.deepEqual(told?.announcement.subject, { kind: "branch", name: "main", src: repo });
  assert.equal(told?.announcement.state, "passed");
  assert.equal(told?.announcement.link, `https://forge.example/${repo}/commit/${commits.first}`);
  assert.deepEqual(world.bodies(), []);
});

Deno.test("a branch that moves gets one run, whatever else happens to its repository and to the bridge", async () => {
  using at = await tested();
  const { world } = at;
  const place = world.gitea.repos.push(repo, commits.second);
  await world.until("it starts", () => world.engine.started.length === 2);
  assert.equal(world.engine.started[1]?.REF, commits.second);
  world.finish(world.engine.started[1]?.RUN ?? "", "failed");
  for (let times = 0; times < 3; times++) {
    world.gitea.repos.touch(place);
    world.restart();
    await world.seconds(35);
  }
  assert.equal(world.engine.started.length, 2);
  world.assertSound();
});

Deno.test("a webhook for a push has the next round look at once", async () => {
  using at = await tested();
  const { world } = at;
  const looks = () => calls(world, /^GET \/repos\/search$/);
  const before = looks();
  await world.until("it was looked by itself", () => looks() > before);
  world.gitea.repos.push(repo, commits.second);
  world.rungByPush();
  await world.second();
  assert.deepEqual(world.store.liveRuns().map((run) => run.commit), [commits.second]);
});

Deno.test("what moved while the bridge or the forge was away is found", async () => {
  using at = await tested();
  const { world } = at;
  world.gitea.fault = ({ path }) => path.includes("/branches/") ? "no answer" : undefined;
  world.gitea.repos.push(repo, commits.second);
  await world.seconds(40);
  world.clock.pass(7200);
  world.restart();
  world.gitea.fault = () => undefined;
  await world.until("it starts", () => world.engine.started.length === 2);
});

Deno.test("commands go first, and a branch that moves again while its run waits has one run only", async () => {
  using at = await tested();
  const { world } = at;
  const one = world.gitea.openPull(repo, commits.first);
  const other = world.gitea.openPull(repo, commits.first);
  await world.seconds(2);
  world.gitea.say(one, { user: "maintainer", body: "!testme" });
  await world.until("a command's run starts", () => world.engine.started.length === 2);
  world.gitea.repos.push(repo, commits.second);
  await world.until("the branch waits", () => world.store.liveRuns().length === 2);
  world.gitea.repos.push(repo, later.third);
  await world.seconds(40);
  world.gitea.say(other, { user: "maintainer", body: "!testme" });
  await world.until("the other command waits", () => world.bodies().length === 2);
  assert.match(world.bodies()[1] ?? "", /behind 1 run/, "the branch's is behind it");
  for (const started of [2, 3]) {
    world.finish(world.engine.started[started - 1]?.RUN ?? "", "passed");
    await world.until("the next starts", () => world.engine.started.length === started + 1);
  }
  assert.deepEqual(world.engine.started.slice(1).map(({ PR, REF }) => [PR, REF]), [
    ["1", commits.first],
    ["2", commits.first],
    ["", later.third],
  ]);
  const states = [...world.dashboard.runs.values()].map(({ announcement }) => announcement.state);
  assert.ok(states.includes("superseded"), states.join(", "));
});

Deno.test("a head that moved just before the turn of its run is left to the next run", async () => {
  using at = await tested();
  const { world } = at;
  const pull = world.gitea.openPull(repo, commits.first);
  await world.seconds(2);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("a command's run starts", () => world.engine.started.length === 2);
  world.gitea.repos.push(repo, commits.second);
  await world.until("the branch waits", () => world.store.liveRuns().length === 2);
  world.gitea.repos.push(repo, later.fourth);
  world.finish(world.engine.started[1]?.RUN ?? "", "passed");
  await world.until("the newest starts", () => world.engine.started.length === 3);
  assert.equal(world.engine.started[2]?.REF, later.fourth);
});

Deno.test("CI trouble with a branch is tried again, and ends like any other", async () => {
  using at = await tested();
  const { world } = at;
  world.gitea.repos.push(repo, commits.second);
  for (const started of [2, 3, 4]) {
    await world.until("it is tried", () => world.engine.started.length === started);
    world.engine.lose(world.engine.started[started - 1]?.RUN ?? "");
  }
  await world.until("it is over", () => world.store.liveRuns().length === 0);
  await world.seconds(60);
  assert.equal(world.engine.started.length, 4);
  assert.match(world.engine.started[3]?.RUN ?? "", /-3$/);
});

Deno.test("a branch that stands still is tested again after 14 days, not before", async () => {
  using at = await tested();
  const { world } = at;
  world.clock.pass(13 * day);
  await world.seconds(40);
  assert.equal(world.engine.started.length, 1);
  world.clock.pass(day);
  await world.until("it starts", () => world.engine.started.length === 2);
  assert.equal(world.engine.started[1]?.REF, commits.first);
});

Deno.test("many new recipes have their first runs one after the other, spread over the fortnight", async () => {
  using world = new World({ schedule: 30 });
  const names = Array.from({ length: 500 }, (_, at) => `recipe-${at}`);
  world.recipes = new Map(names.map((name) => [`recipe-maintainers/${name}`, name]));
  for (const repo of world.recipes.keys()) world.gitea.repos.push(repo, commits.first);
  const hours: number[] = [];
  for (let hour = 0; hour < 3; hour++) {
    const before = world.engine.started.length;
    for (let minute = 0; minute < 60; minute += 5) {
      world.clock.pass(294);
      await world.seconds(6);
      for (const run of world.engine.running()) world.finish(run, "passed");
    }
    hours.push(world.engine.started.length - before);
  }
  const tested = world.engine.started.map(({ RECIPE }) => RECIPE);
  assert.equal(new Set(tested).size, tested.length, "each once");
  // 336 hours for 500 recipes: about three in two hours.
  assert.ok(hours.every((count) => count === 1 || count === 2), hours.join(", "));
});

Deno.test("an archived repository and one that is gone cost a call and start nothing", async () => {
  for (const how of ["archived", "gone"] as const) {
    using world = new World({ schedule: 30 });
    if (how === "archived") world.gitea.repos.push(repo, commits.first).archived = true;
    await world.seconds(120);
    assert.equal(world.engine.started.length, 0);
    assert.ok(calls(world, /GET \/repos\/[^/]+\/custom-html$/) <= 6, how);
  }
});

Deno.test("looking for moves costs one call each time, however many repositories there are", async () => {
  using at = await tested();
  const { world } = at;
  await world.seconds(60);
  world.gitea.requests.length = 0;
  await world.seconds(300);
  assert.equal(calls(world, /search$/) - calls(world, /issues\/search$/), 10);
  assert.equal(calls(world, /branches|custom-html$/), 0);
});

Deno.test("maintenance and CCCI_SCHEDULE=off start nothing unasked; what moved meanwhile is not lost", async () => {
  using off = new World();
  off.gitea.repos.push(repo, commits.first);
  await off.seconds(60);
  assert.equal(off.engine.started.length, 0);
  using at = await tested();
  const { world } = at;
  world.maintenance = { since: world.clock.now(), note: "" };
  await world.seconds(2);
  world.gitea.repos.push(repo, commits.second);
  await world.seconds(60);
  assert.equal(world.store.liveRuns().length, 0);
  world.maintenance = null;
  await world.until("it starts", () => world.engine.started.length === 2);
});

Deno.test("a recipe whose recipe.yml has a mistake is not tested unasked; what moved meanwhile is not lost", async () => {
  using at = await tested();
  const { world } = at;
  world.mistakes.set("custom-html", "is invalid");
  world.gitea.repos.push(repo, commits.second);
  await world.seconds(60);
  world.clock.pass(15 * day);
  await world.seconds(60);
  assert.equal(world.engine.started.length, 1);
  world.mistakes.clear();
  world.clock.pass(3600);
  await world.until("it starts", () => world.engine.started.length === 2);
  assert.equal(world.engine.started[1]?.REF, commits.second);
});

import assert from "node:assert/strict";
import { noRoute, refusal } from "../testing/fake_answers.ts";
import { pass } from "../testing/scenes.ts";
import { command, watched } from "../testing/steps.ts";
import { commits, repo, World } from "../testing/world.ts";

const other = "someone/wiki";
const calls = (world: World, pattern: RegExp) =>
  world.gitea.requests.filter((request) => pattern.test(request)).length;
const sweeps = (world: World) => calls(world, /\/[^/]+\/issues\/comments$/);
const branchLooks = (world: World) => calls(world, /^GET \/repos\/search$/);

/** Hours in which the bridge looks a few times each. */
async function hours(world: World, count: number): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    world.clock.pass(3_594);
    await world.seconds(6);
  }
}

Deno.test("an owner that is mistyped in an enrolment is named, asked rarely, and holds up nothing", async () => {
  using world = new World({ schedule: 30 });
  world.recipes.set("recipe-mantainers/typo", "typo");
  world.gitea.repos.push(repo, commits.first);
  await pass(world);
  const pull = await watched(world);
  assert.match(world.vitals.problems.join(), /no owner "recipe-mantainers": correct "repo"/);
  command(world, pull);
  await world.until("it starts", () => world.started().length === 2);
  world.finish(world.started()[1] ?? "", "passed");
  world.gitea.requests.length = 0;
  await hours(world, 48);
  assert.ok(sweeps(world) >= 2, `${sweeps(world)} sweeps`);
  assert.ok(branchLooks(world) >= 48, `${branchLooks(world)} looks for branches`);
  assert.ok(world.clock.now() - (world.vitals.polledAt ?? 0) < 2_000, "the bridge sees the forge");
  let asked = 0;
  world.gitea.fault = ({ query }) => {
    if (query.get("owner") === "recipe-mantainers") asked++;
    return undefined;
  };
  for (let half = 0; half < 120; half++) {
    world.clock.pass(29);
    await world.second();
  }
  assert.ok(asked >= 2 && asked <= 5, `${asked} calls an hour`);
});

Deno.test("an owner without an answer is looked at again within a minute or so, the others meanwhile", async () => {
  using world = new World();
  world.recipes.set(other, "wiki");
  world.gitea.repos.push(other, commits.first);
  const pull = await watched(world);
  const theirs = world.gitea.openPull(other, commits.first);
  await world.seconds(2);
  let asked = 0;
  world.gitea.fault = ({ query }) =>
    query.get("owner") === "someone" && ++asked > 0 ? refusal(500) : undefined;
  command(world, theirs);
  command(world, pull);
  await world.runStarted();
  assert.match(world.vitals.pollFailure ?? "", /"someone"/);
  await world.seconds(600);
  assert.ok(asked < 60, `${asked} calls`);
  assert.ok(world.clock.now() - (world.vitals.polledAt ?? 0) < 2_000);
  world.gitea.fault = () => undefined;
  world.finish(world.started()[0] ?? "", "passed");
  await world.until("theirs starts", () => world.started().length === 2);
  assert.equal(world.vitals.pollFailure, null);
});

Deno.test("a pull request that cannot be read holds up nothing, and is read once it can be, after a restart, too", async () => {
  using world = new World({ schedule: 30 });
  world.gitea.repos.push(repo, commits.first);
  await pass(world);
  const pull = await watched(world);
  const bad = world.gitea.openPull(repo, commits.first);
  await world.seconds(3);
  world.gitea.fault = ({ path }) =>
    path.endsWith(`/issues/${bad.number}/comments`) ? refusal(500) : undefined;
  world.gitea.say(bad, { user: "outsider", body: "Hello" });
  await world.seconds(3);
  assert.match(world.vitals.pollFailure ?? "", /comments of .*#2/);
  world.gitea.requests.length = 0;
  await hours(world, 4);
  world.gitea.say(bad, { user: "maintainer", body: "!testme cancel" });
  await hours(world, 19);
  command(world, pull);
  world.gitea.repos.push(repo, commits.second);
  await world.until("the command starts", () => world.started().length === 2);
  world.finish(world.started()[1] ?? "", "passed");
  await world.until("the branch starts", () => world.started().length === 3);
  assert.ok(sweeps(world) >= 1);
  world.restart();
  await world.seconds(2);
  assert.equal(world.bodies().length, 1);
  world.gitea.fault = () => undefined;
  await world.until("it is answered", () => world.bodies().length === 2);
  assert.match(world.bodies()[1] ?? "", /^Nothing to cancel/);
  await world.seconds(1);
  assert.equal(world.vitals.pollFailure, null);
});

Deno.test("a forge that fails in the midst of a look is left alone, and nothing of that look is lost", async () => {
  using world = new World();
  await watched(world);
  const pulls = Array.from({ length: 20 }, () => world.gitea.openPull(repo, commits.first));
  await world.seconds(2);
  for (const pull of pulls) world.gitea.say(pull, { user: "outsider", body: "!testme" });
  let asked = 0;
  world.gitea.fault = ({ method, path }) =>
    method === "GET" && /\/issues\/\d+\/comments$/.test(path) && ++asked > 3 ? "no answer" : undefined;
  await world.second();
  assert.ok(asked <= 3 + 3 * 3, `${asked} calls`);
  world.gitea.fault = () => undefined;
  world.restart();
  await world.until("all are answered", () => world.bodies().length === 20);
});

Deno.test("a forge that does not answer is away: nothing else is asked of it", async () => {
  using world = new World({ schedule: 30 });
  world.gitea.repos.push(repo, commits.first);
  await pass(world);
  world.gitea.fault = noRoute;
  await world.seconds(2);
  world.gitea.requests.length = 0;
  const seen = world.vitals.polledAt;
  await hours(world, 30);
  assert.equal(world.vitals.polledAt, seen);
  assert.match(world.vitals.pollFailure ?? "", /No answer of the forge itself/);
  assert.deepEqual([sweeps(world), branchLooks(world)], [0, 0]);
});

Deno.test("one repository whose branch cannot be read keeps no other from being tested, nor for ever itself", async () => {
  using world = new World({ schedule: 30 });
  const bad = "aaa/bad";
  world.recipes = new Map([[bad, "bad"], [repo, "custom-html"]]);
  for (const name of world.recipes.keys()) world.gitea.repos.push(name, commits.first);
  for (const count of [1, 2]) {
    await world.until("it starts", () => world.started().length === count);
    world.finish(world.started()[count - 1] ?? "", "passed");
    world.clock.pass(3_600);
  }
  await world.seconds(40);
  world.gitea.fault = ({ path }) => path.startsWith(`/repos/${bad}/branches`) ? refusal(500) : undefined;
  world.gitea.repos.push(bad, commits.second);
  await world.seconds(40);
  world.gitea.requests.length = 0;
  await hours(world, 10);
  assert.ok(calls(world, /aaa\/bad\/branches/) <= 3 * 20, "it is asked less and less often");
  world.gitea.repos.push(repo, commits.second);
  await world.until("the other starts", () => world.started().length === 3);
  world.finish(world.started()[2] ?? "", "passed");
  world.gitea.fault = () => undefined;
  world.clock.pass(3_600);
  await world.until("it starts itself", () => world.started().length === 4);
});

Deno.test("a sweep that failed is done again soon, and the others go on meanwhile", async () => {
  using world = new World();
  const names = ["bad", "good", "other"].map((name) => `recipe-maintainers/${name}`);
  const [bad = ""] = names;
  world.recipes = new Map(names.map((name) => [name, name.split("/")[1] ?? ""]));
  for (const name of names) world.gitea.repos.push(name, commits.first);
  await hours(world, 17);
  world.gitea.requests.length = 0;
  world.gitea.fault = ({ path }) => path === `/repos/${bad}/issues/comments` ? refusal(500) : undefined;
  await hours(world, 25);
  const swept = (name: string) => calls(world, new RegExp(`GET /repos/${name}/issues/comments$`));
  assert.deepEqual(names.slice(1).map((name) => swept(name) > 0), [true, true]);
  assert.ok(swept(bad) > 3 && swept(bad) <= 3 * 30, `${swept(bad)} calls`);
  world.gitea.fault = () => undefined;
  world.gitea.requests.length = 0;
  await hours(world, 3);
  assert.ok(swept(bad) > 0, "within hours, not a day");
});

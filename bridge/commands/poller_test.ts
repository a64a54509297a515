import assert from "node:assert/strict";
import { open, pass } from "../testing/scenes.ts";
import { commits, repo } from "../testing/world.ts";

Deno.test("a webhook, its repetition and the poll together start one run", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const place = { repo, pr: pull.number };
  await Promise.all([world.rung(place), world.rung(place)]);
  await world.rung(place);
  await pass(world);
  await world.rung(place);
  await world.seconds(5);
  assert.equal(world.engine.started.length, 1);
  assert.equal(world.bodies().length, 1);
  world.assertSound();
});

Deno.test("a webhook is enough: the command is read though the poll cannot", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.fault = ({ path }) => path === "/repos/issues/search" ? "no answer" : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(3);
  assert.equal(world.engine.started.length, 0);
  await world.rung({ repo, pr: pull.number });
  await world.runStarted();
});

Deno.test("a webhook about another owner's repository reads nothing", async () => {
  using at = await open();
  const { world } = at;
  world.gitea.requests.length = 0;
  await world.rung({ repo: "somebody/else", pr: 1 });
  assert.deepEqual(world.gitea.requests.filter((request) => request.includes("somebody")), []);
});

Deno.test("the sweep finds within a day what the search hides, and costs one request for each repository", async () => {
  using at = await open();
  const { world, pull } = at;
  await world.seconds(1);
  world.gitea.requests.length = 0;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  pull.updated -= 3_600_000; // as its owner may set it
  await world.seconds(20);
  assert.equal(world.engine.started.length, 0);
  world.clock.pass(21 * 3600);
  await world.seconds(20);
  assert.equal(world.engine.started.length, 0, "not yet");
  world.clock.pass(3540);
  await world.runStarted();
  const sweeps = world.gitea.requests.filter((request) => request.endsWith("/issues/comments"));
  assert.equal(sweeps.length, 1);
});

Deno.test("a command is found among thousands of pull requests that were touched at once", async () => {
  using at = await open();
  const { world } = at;
  const touched = Array.from({ length: 2_100 }, () => world.gitea.openPull(repo, commits.first));
  const last = touched.at(-1);
  if (last !== undefined) world.gitea.say(last, { user: "maintainer", body: "!testme" });
  await world.until("it is answered", () => world.bodies().length === 1);
});

Deno.test("a pull request that the search names late is found, though others were read meanwhile", async () => {
  using at = await open();
  const { world, pull } = at;
  const other = world.gitea.openPull(repo, commits.first);
  await world.seconds(15);
  const before = pull.updated;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const touched = pull.updated;
  pull.updated = before;
  world.clock.pass(60);
  world.gitea.say(other, { user: "outsider", body: "Hello" });
  await world.seconds(30);
  assert.deepEqual(world.bodies(), []);
  pull.updated = touched;
  await world.until("it is answered", () => world.bodies().length === 1);
});

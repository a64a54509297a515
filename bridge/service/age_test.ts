import assert from "node:assert/strict";
import { refusal } from "../testing/fake_answers.ts";
import { open } from "../testing/scenes.ts";
import { command } from "../testing/steps.ts";
import type { World } from "../testing/world.ts";

const day = 24 * 3_600;
const noMembers = (world: World) => {
  world.gitea.fault = ({ path }) => path.includes("/members/") ? refusal(500) : undefined;
};

Deno.test("who wrote a command while the bridge was away for more than a day is told once to write it again", async () => {
  using at = await open();
  const { world, pull } = at;
  for (const body of ["!testme", "!testme", "!testme cancel", "!testme help", "!tesme"]) {
    command(world, pull, body);
  }
  world.gitea.say(pull, { user: "outsider", body: "!testme" });
  world.clock.pass(day + 60);
  world.restart();
  await world.seconds(10);
  assert.deepEqual(world.started(), []);
  assert.equal(world.bodies().length, 2, "one for each of them");
  for (const body of world.bodies()) assert.match(body, /^🚫 `!testme` was written more than 24 hours ago/);
  command(world, pull);
  await world.runStarted();
});

Deno.test("a command that was missed for less than a day is carried out", async () => {
  using at = await open();
  const { world, pull } = at;
  command(world, pull);
  world.clock.pass(day - 60);
  world.restart();
  await world.runStarted();
});

Deno.test("a command that was seen and could not be decided for a day is not carried out, and that is said", async () => {
  using at = await open();
  const { world, pull } = at;
  noMembers(world);
  command(world, pull);
  await world.seconds(5);
  for (let hour = 0; hour < 25; hour++) {
    world.clock.pass(3_600);
    await world.seconds(2);
  }
  world.gitea.fault = () => undefined;
  await world.seconds(100);
  assert.deepEqual(world.started(), []);
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /^🚫 `!testme` was written more than 24 hours ago/);
});

Deno.test("a command that was seen and could not be decided for less than a day is carried out", async () => {
  using at = await open();
  const { world, pull } = at;
  noMembers(world);
  command(world, pull);
  await world.seconds(5);
  world.clock.pass(day - 60);
  world.gitea.fault = () => undefined;
  await world.runStarted();
});

Deno.test("what is ancient is neither carried out nor answered: history, and edits of a day ago", async () => {
  using at = await open();
  const { world, pull } = at;
  const history = world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  history.created = history.updated = world.clock.now() - 60_000;
  const edited = world.gitea.say(pull, { user: "maintainer", body: "Looks good" });
  world.clock.pass(2);
  world.gitea.edit(edited, "!testme");
  world.clock.pass(day + 60);
  world.restart();
  await world.seconds(10);
  assert.deepEqual([world.started(), world.bodies()], [[], []]);
});

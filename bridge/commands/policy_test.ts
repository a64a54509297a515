import assert from "node:assert/strict";
import { open } from "../testing/scenes.ts";
import { command } from "../testing/steps.ts";
import { commits } from "../testing/world.ts";

Deno.test("a push while a command is decided on is seen: what was read of the head before does not count", async () => {
  using at = await open();
  const { world, pull } = at;
  command(world, pull);
  world.clock.pass(60);
  let pushed = false;
  world.gitea.fault = ({ path }) => {
    if (path.endsWith("/timeline") && !pushed) {
      pushed = true;
      world.gitea.push(pull, commits.second);
    }
    return undefined;
  };
  await world.until("it is answered", () => world.bodies().length === 1);
  await world.seconds(10);
  assert.match(world.bodies()[0] ?? "", /^🚫 .*moved from `3fa9c1b` to `c0ffee0`/);
  assert.equal(world.store.liveRuns().length, 0);
});

Deno.test("a push that the forge has not noted yet is waited for, some seconds and no longer", async () => {
  for (const noted of [true, false]) {
    using at = await open();
    const { world, pull } = at;
    pull.head = commits.second;
    const created_at = new Date(world.clock.now()).toISOString();
    world.clock.pass(10);
    command(world, pull);
    await world.seconds(5);
    assert.deepEqual(world.bodies(), [], "nothing is said yet");
    const body = JSON.stringify({ is_force_push: false, commit_ids: [commits.second] });
    if (noted) pull.timeline.push({ type: "pull_push", created_at, body });
    await world.until("it is answered", () => world.bodies().length === 1);
    assert.match(world.bodies()[0] ?? "", noted ? /^⏳ .*`c0ffee0`/ : /^🚫 .*does not tell when `c0ffee0`/);
  }
});

Deno.test("a mistake in recipe.yml is told before a run is spent, to each person once", async () => {
  using at = await open();
  const { world, pull } = at;
  world.mistakes.set("custom-html", 'is invalid: unknown key "helth", probably meant as "health"');
  world.clock.pass(60);
  for (const _ of [1, 2]) {
    command(world, pull);
    await world.seconds(5);
  }
  assert.equal(world.engine.started.length, 0);
  assert.deepEqual(world.bodies().map((body) => body.split("\n\n")[0]), [
    '🚫 Nothing was tested: `recipes/custom-html/recipe.yml` in cc-ci is invalid: unknown key "helth", probably meant as "health".\n' +
    "Correct it there, and comment `!testme` again once cc-ci has the new one.",
  ]);
  world.gitea.say(pull, { user: "outsider", body: "!testme" });
  await world.until("it is answered", () => world.bodies().length === 2);
  assert.match(world.bodies()[1] ?? "", /not a member/);
  world.mistakes.clear();
  world.clock.pass(60);
  command(world, pull);
  await world.runStarted();
});

Deno.test("a commit that is too short is called that, and an edit that makes it longer starts nothing", async () => {
  using at = await open();
  const { world, pull } = at;
  world.clock.pass(60);
  const comment = world.gitea.say(pull, { user: "maintainer", body: "!testme 3fa9c1" });
  await world.until("it is answered", () => world.bodies().length === 1);
  assert.match(
    world.bodies()[0] ?? "",
    /^🚫 Nothing was tested: `3fa9c1` is too short .*\nGive at least 7 of its digits\./,
  );
  world.clock.pass(5);
  world.gitea.edit(comment, "!testme 3fa9c1b");
  await world.rung({ repo: pull.repo, pr: pull.number });
  await world.until("that is answered", () => world.bodies().length === 2);
  assert.match(world.bodies()[1] ?? "", /by an edit/);
  assert.equal(world.engine.started.length, 0);
});

Deno.test("a commit that was pushed after the comment does not count, though it begins with the digits given", async () => {
  using at = await open();
  const { world, pull } = at;
  world.clock.pass(60);
  command(world, pull, "!testme 3fa9c1b");
  world.clock.pass(30);
  world.gitea.push(pull, "3fa9c1bb".padEnd(40, "0"));
  await world.until("it is answered", () => world.bodies().length === 1);
  await world.seconds(5);
  assert.equal(world.engine.started.length, 0);
  assert.match(world.bodies()[0] ?? "", /head moved from `3fa9c1b0` to `3fa9c1bb`.*\n.*`!testme 3fa9c1bb`/);
  world.clock.pass(30);
  command(world, pull, "!testme 3fa9c1bb");
  await world.runStarted();
});

Deno.test("where the forge does not tell when the head was pushed, all digits of the commit count and some do not", async () => {
  using at = await open();
  const { world, pull } = at;
  pull.head = commits.second;
  world.clock.pass(60);
  command(world, pull, "!testme c0ffee0");
  await world.until("it is answered", () => world.bodies().length === 1);
  assert.equal(world.engine.started.length, 0);
  assert.match(
    world.bodies()[0] ?? "",
    new RegExp(`does not tell when .*\\n.*\`!testme ${commits.second}\``),
  );
  command(world, pull, `!testme ${commits.second}`);
  await world.runStarted();
  assert.equal(world.engine.started[0]?.REF, commits.second);
});

Deno.test("where a push came at the time of the command, the reply names the command that helps, with or without digits", async () => {
  for (const said of ["!testme", "!testme c0ffee0"]) {
    using at = await open();
    const { world, pull } = at;
    world.clock.pass(60);
    command(world, pull, said);
    world.gitea.push(pull, commits.second);
    await world.until("it is answered", () => world.bodies().length === 1);
    assert.equal(world.engine.started.length, 0);
    assert.ok(world.bodies()[0]?.includes(`at about the time \`${said}\` was written`), world.bodies()[0]);
    const [, helps = ""] = /comment `([^`]+)`/.exec(world.bodies()[0] ?? "") ?? [];
    assert.equal(helps, `!testme ${commits.second}`);
    command(world, pull, helps);
    await world.runStarted();
    assert.equal(world.engine.started[0]?.REF, commits.second);
  }
});

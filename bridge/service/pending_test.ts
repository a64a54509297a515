import assert from "node:assert/strict";
import { refusal } from "../testing/fake_answers.ts";
import { open, pass } from "../testing/scenes.ts";
import { commits, repo, type World } from "../testing/world.ts";

/** The forge does not tell when what was pushed, so that no command to test can be decided. */
function blind(world: World): void {
  world.gitea.fault = ({ path }) => path.endsWith("/timeline") ? refusal(500) : undefined;
}

Deno.test("a cancel ends a command on which nobody could decide yet, for good", async () => {
  using at = await open();
  const { world, pull } = at;
  blind(world);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(20);
  world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
  await world.until("it is answered", () => /is withdrawn/.test(world.bodies()[0] ?? ""));
  world.gitea.fault = () => undefined;
  await world.seconds(120);
  assert.deepEqual(world.engine.started, []);
  assert.equal(world.bodies().length, 1);
});

Deno.test("a cancel by somebody who may not ends nobody else's pending command", async () => {
  using at = await open();
  const { world, pull } = at;
  blind(world);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(5);
  world.gitea.say(pull, { user: "outsider", body: "!testme cancel" });
  await world.until("it is refused", () => /Nothing was cancelled/.test(world.bodies()[0] ?? ""));
  world.gitea.fault = () => undefined;
  await world.runStarted();
});

Deno.test("a later command that can be decided ends the pending one, for good", async () => {
  using at = await open();
  const { world, pull } = at;
  blind(world);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(90);
  world.gitea.fault = () => undefined;
  world.gitea.say(pull, { user: "root-admin", body: "!testme" });
  await pass(world);
  await world.seconds(120);
  assert.equal(world.engine.started.length, 1);
  assert.equal(world.bodies().length, 1);
});

Deno.test("a run whose comment the forge does not take ends by a cancel all the same", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.fault = ({ method, path }) =>
    method === "POST" && path.endsWith("/comments") ? refusal(500) : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("the run is accepted", () => world.store.liveRuns().length === 1);
  world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
  await world.until("it is over", () => world.store.liveRuns()[0]?.state === "finished");
  world.gitea.fault = () => undefined;
  await world.until("the comment says so", () => /cancelled/.test(world.bodies()[0] ?? ""));
  assert.deepEqual(world.engine.started, []);
});

Deno.test("near misses get one short answer per thread, whoever makes them, and programs none", async () => {
  using at = await open();
  const { world, pull } = at;
  const other = world.gitea.openPull(repo, commits.first);
  world.gitea.users.set("renovate-bot", 17);
  const lines = ["`!testme`", "please !testme", "\u00a0!testme", "\uff01testme", "> he said\n!testme"];
  for (const [at, body] of lines.entries()) {
    world.gitea.say(pull, { user: at % 2 === 0 ? "maintainer" : "outsider", body });
    await world.seconds(2);
  }
  world.gitea.say(other, { user: "renovate-bot", body: "`!testme`" });
  world.gitea.say(other, { user: world.gitea.bot, body: "`!testme`" }).deleted = true;
  world.gitea.say(other, { user: "outsider", body: "Please test me well, I have seen that !testme works" });
  await world.seconds(20);
  assert.deepEqual(world.gitea.replies().map(({ pr }) => pr), [pull.number]);
  assert.match(world.bodies()[0] ?? "", /^Nothing was tested: that was not read as a command/);
  world.gitea.say(other, { user: "outsider", body: "!tesme" });
  await world.seconds(20);
  assert.deepEqual(world.gitea.replies().map(({ pr }) => pr), [pull.number, other.number]);
  assert.deepEqual(world.engine.started, []);
});

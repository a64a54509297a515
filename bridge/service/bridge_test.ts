import assert from "node:assert/strict";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { open, pass } from "../testing/scenes.ts";
import { commits, repo } from "../testing/world.ts";

Deno.test("a member's command becomes one run, whose comment grows from the queue to the verdict", async () => {
  using at = await open();
  const { world, pull } = at;
  const command = world.gitea.say(pull, { user: "maintainer", body: "!testme\n" });
  await world.until("it is answered", () => world.bodies().length > 0);
  assert.match(world.bodies()[0] ?? "", /⏳ \*\*Queued: `3fa9c1b` of custom-html\*\*/);
  assert.deepEqual(world.gitea.reactions, [command.id], "👀 under the command");

  const run = await world.runStarted();
  assert.match(world.bodies()[0] ?? "", new RegExp(`\\(https://ci.example/runs/${run}\\)`));
  assert.deepEqual(world.engine.started, [
    { RECIPE: "custom-html", REF: commits.first, PR: "1", SRC: repo, RUN: run },
  ]);
  world.dashboard.progress(run, [
    { name: "fetch", running: false, report: sampleStage({ name: "fetch" }) },
    { name: "install", running: true, report: null },
  ]);
  await world.until("the stages are shown", () => /install/.test(world.bodies()[0] ?? ""));
  assert.match(world.bodies()[0] ?? "", /⏳ \*\*Testing `3fa9c1b` of custom-html\*\*/);

  await pass(world);
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /^✅ \*\*`3fa9c1b` of custom-html passed\*\* · level 2/);
  assert.match(world.bodies()[0] ?? "", /nothing left/);
  assert.equal(world.dashboard.runs.get(run)?.announcement.state, "passed");
  world.assertSound();
});

Deno.test("a failure is told with its stage, cause, log and how to run it at home", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  const cause = "data written before the upgrade is gone";
  const upgrade = sampleStage({
    name: "upgrade",
    result: "failed",
    cause,
    detail: "No such row.",
    tail: ["line 1", "line 2"],
  });
  world.dashboard.result(run, { result: "failed", stage: "upgrade", cause, stages: [upgrade], level: 1 });
  world.finish(run, "failed");
  await world.until("the verdict is reported", () => world.store.liveRuns().length === 0);
  const body = world.bodies()[0] ?? "";
  assert.match(
    body,
    /^❌ \*\*`3fa9c1b` of custom-html failed in upgrade: data written before the upgrade is gone\*\*/,
  );
  assert.match(body, /No such row/);
  assert.match(body, /Last lines of the service's log/);
  assert.match(
    body,
    /`\.\/cc-ci run-recipe https:\/\/forge\.example\/[\w-]+\/custom-html\.git --ref refs\/pull\/\d+\/head --only upgrade --keep`/,
  );
});

Deno.test("an outsider is refused once, with the reason, however often they ask", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "outsider", body: "!testme" });
  await world.seconds(5);
  world.gitea.say(pull, { user: "outsider", body: "!testme" });
  await world.seconds(5);
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /`outsider` is not a member of `recipe-maintainers`/);
  assert.equal(world.engine.started.length, 0);
  assert.equal((world.bodies()[0] ?? "").split("\n\n<!--")[0]?.split("\n").length, 2, "two lines");
});

for (const status of [303, 307, 401, 500]) {
  Deno.test(`nobody is a member or an outsider on status ${status}`, async () => {
    using at = await open();
    const { world, pull } = at;
    world.gitea.fault = ({ path }) =>
      path.includes("/members/")
        ? new Response(null, { status, headers: { location: "/api/v1/orgs/x/public_members/y" } })
        : undefined;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    await world.seconds(20);
    assert.deepEqual(world.bodies(), []);
    world.gitea.fault = () => undefined;
    await world.runStarted();
  });
}

Deno.test("a comment that becomes a command by an edit starts nothing and is told so, once", async () => {
  for (const body of ["looks good", "!tesme"]) {
    using at = await open();
    const { world, pull } = at;
    const said = world.gitea.say(pull, { user: "maintainer", body });
    await world.seconds(5);
    const before = world.bodies().length;
    for (const edited of ["!testme", "!testme cancel", "!testme "]) {
      world.gitea.edit(said, edited);
      await world.rung({ repo, pr: pull.number });
      await world.seconds(5);
    }
    assert.deepEqual(world.engine.started, []);
    assert.equal(world.bodies().length, before + 1, body);
    assert.match(world.bodies().at(-1) ?? "", /became `!testme` by an edit/);
    world.assertSound();
  }
});

Deno.test("a comment that is edited before it is first read is no command, nor is a near miss or an old one", async () => {
  using at = await open();
  const { world, pull } = at;
  const said = () => world.gitea.say(pull, { user: "maintainer", body: "looks good" });
  const edits = ["!testme", "!tesme", "!testme help", "thanks"].map((body) => ({ body, comment: said() }));
  const old = world.gitea.say(pull, { user: "outsider", body: "!testme" });
  world.clock.pass(2);
  for (const { body, comment } of edits) world.gitea.edit(comment, body);
  old.created -= 26 * 3_600_000;
  old.updated = old.created + 2_000;
  await world.seconds(15);
  assert.deepEqual(world.engine.started, []);
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /by an edit/);
});

Deno.test("comments that are our own, too old, or written before we watched start nothing", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: world.gitea.bot, body: "!testme" });
  const old = world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  old.created = old.updated = world.clock.now() - 25 * 3_600_000;
  const before = world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  before.created = before.updated = world.clock.now() - 60_000;
  await world.seconds(15);
  assert.deepEqual(world.engine.started, []);
  assert.equal(world.bodies().filter((body) => body !== "!testme").length, 0);
});

Deno.test("a comment seen before it was edited within the same second is no command either", async () => {
  using at = await open();
  const { world, pull } = at;
  const comment = world.gitea.say(pull, { user: "maintainer", body: "looks good" });
  await world.second();
  comment.body = "!testme";
  await world.seconds(5);
  assert.deepEqual(world.engine.started, []);
});

Deno.test("a push after the comment is refused with both commits; the one named explicitly is tested", async () => {
  using at = await open();
  const { world, pull } = at;
  world.clock.pass(60);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  world.clock.pass(30);
  world.gitea.push(pull, commits.second);
  await world.seconds(5);
  assert.equal(world.engine.started.length, 0);
  assert.match(world.bodies()[0] ?? "", /moved from `3fa9c1b` to `c0ffee0`/);
  world.gitea.say(pull, { user: "maintainer", body: "!testme c0ffee0" });
  await world.runStarted();
  assert.equal(world.engine.started[0]?.REF, commits.second);
});

Deno.test("a repository that is not enrolled gets one answer", async () => {
  using at = await open();
  const { world } = at;
  const other = world.gitea.openPull("recipe-maintainers/other", commits.first);
  for (let times = 0; times < 2; times++) {
    world.gitea.say(other, { user: "maintainer", body: "!testme" });
    await world.seconds(3);
  }
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /`recipe-maintainers\/other` is not enrolled/);
});

Deno.test("a closed pull request is not tested", async () => {
  using at = await open();
  const { world, pull } = at;
  const ends: [Partial<typeof pull>, RegExp][] = [
    [{}, /this pull request is closed\.\nReopen it/],
    [{ merged: true }, /this pull request is merged/],
    [{ forkGone: true }, /the repository it came from was deleted/],
  ];
  for (const [index, [facts, told]] of ends.entries()) {
    Object.assign(pull, { open: false, merged: false, forkGone: false }, facts);
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    await world.seconds(4);
    assert.equal(world.bodies().length, index + 1);
    assert.match(world.bodies()[index] ?? "", told);
  }
  assert.deepEqual(world.engine.started, []);
});

Deno.test("whoever started a run may cancel it, member or not any more; somebody without a run may not", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.members.delete("maintainer");
  world.gitea.say(pull, { user: "outsider", body: "!testme cancel" });
  await world.seconds(5);
  assert.deepEqual(world.engine.cancelled, []);
  world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
  await world.until("the engine is told", () => world.engine.cancelled.length > 0);
  assert.deepEqual(world.engine.cancelled, [run]);
});

Deno.test("a former member's cancel ends their own run and leaves that of somebody else alone", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.users.set("former", 9);
  world.gitea.members.add("former");
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.say(pull, { user: "former", body: "!testme" });
  await world.until("both are there", () => world.store.liveRuns().length === 2);
  world.gitea.members.delete("former");
  world.gitea.say(pull, { user: "former", body: "!testme cancel" });
  await world.until("theirs is over", () => /^⏹️[\s\S]*cancelled by `former`/.test(world.bodies()[1] ?? ""));
  const other = world.store.run(run.slice(0, 12));
  assert.deepEqual([other?.state, other?.cancelled_by], ["running", null]);
  world.gitea.say(pull, { user: "root-admin", body: "!testme cancel" });
  await world.until("a member may", () => world.engine.cancelled.includes(run));
});

Deno.test("runs wait for each other in order, and the comment says how many are ahead", async () => {
  using at = await open();
  const { world, pull } = at;
  const second = world.gitea.openPull(repo, commits.second);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  world.gitea.say(second, { user: "maintainer", body: "!testme" });
  await world.until("both are answered", () => world.bodies().length === 2);
  await world.seconds(5);
  assert.equal(world.engine.started.length, 1, "one at a time");
  assert.match(world.bodies()[1] ?? "", /Queued: `c0ffee0` of custom-html\*\* · behind 1 run/);
  const [first] = world.engine.started;
  world.finish(first?.RUN ?? "", "passed");
  await world.until("the other starts", () => world.engine.started.length === 2);
  world.assertSound();
});

Deno.test("no comment counts runs of recipes that its readers may not see", async () => {
  using at = await open();
  const { world } = at;
  const other = "recipe-maintainers/wiki";
  world.recipes.set(other, "wiki");
  world.hidden.add("custom-html");
  await world.seconds(61); // by then the bridge has looked at the enrolments again
  const [secret, shown] = [
    world.gitea.openPull(repo, commits.first),
    world.gitea.openPull(other, commits.second),
  ];
  world.gitea.say(secret, { user: "maintainer", body: "!testme" });
  await world.runStarted();
  world.gitea.say(shown, { user: "maintainer", body: "!testme" });
  await world.until("both are answered", () => world.bodies().length === 2);
  await world.seconds(5);
  assert.match(world.bodies()[1] ?? "", /Queued: `c0ffee0` of wiki\*\* · next in the queue · \[run\]/);
  const secret2 = world.gitea.openPull(repo, commits.second);
  world.gitea.say(secret2, { user: "maintainer", body: "!testme" });
  await world.until("the third is answered", () => world.bodies().length === 3);
  assert.match(world.bodies()[2] ?? "", /behind 2 runs/, "its own readers see both");
});

Deno.test("cancel stops a running run and takes a queued one out", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("the second is answered", () => world.bodies().length === 2);
  world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
  await world.until("the engine is told", () => world.engine.cancelled.length > 0);
  assert.deepEqual(world.engine.cancelled, [run]);
  world.finish(run, "cancelled");
  await world.until("both are reported", () => world.store.liveRuns().length === 0);
  assert.equal(world.engine.started.length, 1);
  for (const body of world.bodies()) assert.match(body, /was cancelled by `maintainer`\*\*/);
});

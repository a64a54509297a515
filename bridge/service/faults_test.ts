import assert from "node:assert/strict";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { badGateway, refusal, tooMany } from "../testing/fake_answers.ts";
import { allStages, open, pass } from "../testing/scenes.ts";
import { commits, repo } from "../testing/world.ts";

Deno.test("a run whose process disappeared is CI trouble, never the recipe's fault", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  for (let attempt = 1; attempt <= 3; attempt++) {
    await world.until(`attempt ${attempt} starts`, () => world.engine.started.length === attempt);
    const [run] = world.engine.started.slice(-1);
    assert.match(run?.RUN ?? "", new RegExp(`-${attempt}$`));
    world.engine.lose(run?.RUN ?? "");
  }
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  await world.seconds(60);
  assert.equal(world.engine.started.length, 3, "and not once more");
  assert.equal(world.bodies().length, 1);
  for (const { announcement } of world.dashboard.runs.values()) assert.equal(announcement.state, "infra");
  assert.equal(world.dashboard.runs.size, 3, "each attempt has its page");
  world.assertSound();
  assert.match(
    world.bodies()[0] ?? "",
    /⚠️ \*\*CI trouble: .*[\s\S]*disappeared[\s\S]*The recipe is not to blame/,
  );
});

Deno.test("a run that a mistake in the enrolment ended is not tried again, since a person has to mend that", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  const cause = "recipe.yml: seed wrote nothing that read finds";
  world.dashboard.result(run, {
    result: "infra",
    stage: "backup",
    cause,
    stages: [sampleStage({ name: "backup", result: "infra", cause, fault: "enrolment" })],
  });
  world.finish(run, "infra");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  await world.seconds(60);
  assert.equal(world.engine.started.length, 1);
  assert.match(world.bodies()[0] ?? "", /could not be tested \(enrolment\): recipe\.yml: seed wrote nothing/);
  world.assertSound();
});

Deno.test("an engine that cannot start anything ends in CI trouble; one that only lost the answer does not", async () => {
  using at = await open();
  const { world, pull } = at;
  world.engine.refusal = "before";
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("it is reported", () => world.bodies().some((body) => /CI trouble/.test(body)));
  assert.match(world.bodies()[0] ?? "", /The run could not be started: the engine is busy/);
  world.engine.refusal = "after";
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await pass(world);
  assert.equal(world.engine.started.length, 1);
  world.assertSound();
});

Deno.test("a forge that stores a comment and answers 500, or not at all, gets it once", async () => {
  for (const lost of ["answer lost", 500] as const) {
    using at = await open();
    const { world, pull } = at;
    let times = 0;
    world.gitea.fault = ({ method, path }) => {
      if (method !== "POST" || !path.endsWith("/issues/1/comments") || times++ > 0) return undefined;
      if (lost === "answer lost") return lost;
      const stored = world.gitea.say(pull, { user: world.gitea.bot, body: "" });
      stored.body = `x <!-- cc-ci:${world.store.liveRuns()[0]?.id} -->`;
      return refusal(lost);
    };
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    await pass(world);
    assert.equal(world.bodies().length, 1);
    assert.match(world.bodies()[0] ?? "", /✅/);
    world.assertSound();
  }
});

Deno.test("a comment that carries our marker but is not ours is never taken for ours", async () => {
  using at = await open();
  const { world, pull } = at;
  let times = 0;
  world.gitea.fault = ({ method, path }) => {
    if (method !== "POST" || !path.endsWith("/issues/1/comments") || times++ > 0) return undefined;
    world.gitea.say(pull, { user: "outsider", body: `<!-- cc-ci:${world.store.liveRuns()[0]?.id} -->` });
    return "no answer";
  };
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await pass(world);
  assert.equal(world.bodies().length, 1);
});

Deno.test("a log in another comment of ours that shows a run's marker does not pass for the run's comment", async () => {
  using at = await open();
  const { world, pull } = at;
  let times = 0;
  world.gitea.fault = ({ method, path }) => {
    if (method !== "POST" || !path.endsWith("/issues/1/comments") || times++ > 0) return undefined;
    const shown = `<!-- cc-ci:${world.store.liveRuns()[0]?.id} -->`;
    world.gitea.say(pull, { user: world.gitea.bot, body: `Log: ${shown}\n\n<!-- cc-ci:another00000 -->` });
    return "no answer";
  };
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await pass(world);
  assert.equal(world.bodies().length, 2);
  assert.match(world.bodies()[0] ?? "", /^Log/);
});

Deno.test("a forge that is away loses nothing: what was written meanwhile is caught up in order", async () => {
  using at = await open();
  const { world, pull } = at;
  const second = world.gitea.openPull(repo, commits.second);
  await world.seconds(5);
  world.gitea.fault = () => "no answer";
  await world.seconds(10);
  world.gitea.say(second, { user: "maintainer", body: "!testme" });
  world.clock.pass(7200);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  world.restart();
  await world.seconds(3);
  world.gitea.fault = () => undefined;
  await world.until("both are answered", () => world.bodies().length === 2);
  const first = await world.runStarted();
  assert.equal(world.store.liveRuns()[0]?.commit, commits.second, "the elder first");
  assert.ok(first.length > 0);
  world.assertSound();
});

Deno.test("a verdict that the forge does not take for ten minutes arrives once it does", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.fault = ({ method }) => method === "PATCH" ? badGateway() : undefined;
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "passed");
  await world.seconds(30);
  world.clock.pass(600);
  assert.equal(world.store.liveRuns().length, 1, "not reported yet");
  world.gitea.fault = () => undefined;
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.match(world.bodies()[0] ?? "", /✅/);
});

Deno.test("Retry-After is kept to", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.fault = ({ method }) => method === "POST" ? tooMany(120) : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(100);
  const posts = world.gitea.requests.filter((request) => /^POST /.test(request));
  assert.equal(posts.length, 1, posts.join(", "));
  world.gitea.fault = () => undefined;
  await world.until("it is answered", () => world.bodies().length === 1);
});

for (
  const [why, status] of [["user is blocked", 403], ["locked", 403], ["Repo is archived", 423], [
    "taken down",
    451,
  ], [
    "not here",
    405,
  ]] as const
) {
  Deno.test(`a pull request whose comments the forge refuses is tested all the same, and its page and the operator know: ${why}`, async () => {
    using at = await open({ statuses: true });
    const { world, pull } = at;
    world.gitea.fault = ({ method, path }) =>
      method === "POST" && path.endsWith("/comments") ? refusal(status, why) : undefined;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    const run = await world.runStarted();
    await world.until(
      "its page says so",
      () =>
        world.dashboard.runs.get(run)?.announcement.remark?.endsWith(`comment on the pull request: ${why}`) ??
          false,
    );
    assert.deepEqual(world.dashboard.report?.troubles, [
      { text: `PR #1: The forge takes no comment of ours: ${why}`, recipe: "custom-html" },
    ]);
    world.finish(run, "passed");
    await world.until("it is over", () => world.store.liveRuns().length === 0);
    await world.seconds(60);
    assert.equal(world.gitea.repos.statuses.at(-1)?.status, "success");
    const posts = world.gitea.requests.filter((request) => /^POST .*\/comments$/.test(request));
    assert.equal(posts.length, 4, "three tries, and one for the verdict");
  });
}

Deno.test("a verdict is written once the conversation is open again", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.fault = ({ method, path }) =>
    method === "POST" && path.endsWith("/comments") ? refusal(403, "locked") : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.fault = () => undefined;
  world.finish(run, "passed");
  await world.until("the verdict is there", () => /✅/.test(world.bodies()[0] ?? ""));
  await world.until(
    "its page says so no more",
    () => world.dashboard.runs.get(run)?.announcement.remark === null,
  );
});

Deno.test("a run starts without its comment where the forge breaks down over it for minutes", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.fault = ({ method, path }) =>
    method === "POST" && path.endsWith("/comments") ? refusal(500) : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(280);
  assert.equal(world.engine.started.length, 0);
  await world.runStarted();
});

Deno.test("a comment of ours that somebody deletes is written anew once, not for ever", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  for (const comment of world.gitea.replies()) comment.deleted = true;
  world.dashboard.progress(run, [{ name: "fetch", running: true, report: null }]);
  await world.until("it is written anew", () => world.bodies().length === 1);
  for (const comment of world.gitea.replies()) comment.deleted = true;
  world.finish(run, "passed");
  await world.until("the run is over", () => world.store.liveRuns().length === 0);
  assert.deepEqual(world.bodies(), []);
});

Deno.test("a dashboard that is away holds nothing up, and brings the stages later", async () => {
  using at = await open();
  const { world, pull } = at;
  world.dashboard.away = true;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.finish(run, "failed");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.match(
    world.bodies()[0] ?? "",
    /^❌ \*\*`3fa9c1b` of custom-html failed\*\*[\s\S]*The stages are missing here/,
  );
  world.dashboard.away = false;
  await world.until("the dashboard is told", () => world.dashboard.runs.has(run));
  assert.equal(world.dashboard.runs.get(run)?.announcement.state, "failed");
  const cause = "the app never became healthy";
  const install = sampleStage({ name: "install", result: "failed", cause });
  world.dashboard.result(run, { result: "failed", stage: "install", cause, stages: [install] });
  await world.until("the comment is completed", () => /failed in install/.test(world.bodies()[0] ?? ""));
  assert.doesNotMatch(world.bodies()[0] ?? "", /missing here/);
  assert.equal(world.bodies().length, 1);
});

Deno.test("the exit code decides, whatever the dashboard shows", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "failed");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.match(world.bodies()[0] ?? "", /^❌[\s\S]*the exit code counts/);
});

Deno.test("a verdict waits a moment for the stages, and no longer", async () => {
  for (const comes of [true, false]) {
    using at = await open();
    const { world, pull } = at;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    const run = await world.runStarted();
    await world.until("the dashboard knows it", () => world.dashboard.runs.has(run));
    world.finish(run, "failed");
    await world.seconds(12);
    assert.match(world.bodies()[0] ?? "", /^⏳/, "it might still come");
    if (comes) world.dashboard.result(run, { result: "failed", stages: allStages });
    await world.seconds(5);
    assert.match(world.bodies()[0] ?? "", comes ? /^❌[\s\S]*nothing left/ : /^❌[\s\S]*missing here/);
  }
});

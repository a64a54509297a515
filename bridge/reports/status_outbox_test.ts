import assert from "node:assert/strict";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { statusOf } from "./status_outbox.ts";
import { newRun, type Run } from "../store/rows.ts";
import { refusal } from "../testing/fake_answers.ts";
import { allStages } from "../testing/scenes.ts";
import { commits, repo, World } from "../testing/world.ts";

async function open(options: { capacity?: number } = {}) {
  const world = new World({ statuses: true, ...options });
  world.gitea.repos.push(repo, commits.second);
  const pull = world.gitea.openPull(repo, commits.first);
  await world.seconds(3);
  return { world, pull, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

const shown = (world: World) =>
  world.gitea.repos.statuses.map(({ commit, status }) => `${commit.slice(0, 7)} ${status}`);

Deno.test("a commit shows that it is tested, and then how that ended, with the page of the run", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  await world.seconds(2);
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "passed");
  await world.until("it is told", () => shown(world).length === 3);
  assert.deepEqual(shown(world), ["3fa9c1b pending", "3fa9c1b pending", "3fa9c1b success"]);
  const last = world.gitea.repos.statuses.at(-1);
  assert.equal(last?.context, "cc-ci");
  assert.equal(last?.target_url, `https://ci.example/runs/${run}`);
  assert.equal(last?.description, "passed, level 2");
});

Deno.test("a mistake of the enrolment is shown as an error, which is no verdict about the commit", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  await world.seconds(2);
  const cause = "recipes/miniflux/install_test.ts: The file is empty";
  const stages = allStages.map((stage) =>
    stage.name === "lint"
      ? { ...stage, result: "failed" as const, cause, fault: "enrolment" as const }
      : stage
  );
  world.dashboard.result(run, { result: "failed", stage: "lint", cause, stages });
  world.finish(run, "failed");
  await world.until("it is told", () => /error$/.test(shown(world).at(-1) ?? ""));
  assert.equal(world.gitea.repos.statuses.at(-1)?.description, `failed (enrolment): ${cause}`);
});

Deno.test("a mistake of the enrolment that keeps a run from proving anything is called that, and no trouble of the CI", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const cause = "recipe.yml: seed wrote nothing that read finds";
  const stages = [sampleStage({ name: "backup", result: "infra", cause, fault: "enrolment" })];
  const run = await world.runStarted();
  await world.seconds(2);
  world.dashboard.result(run, { result: "infra", stage: "backup", cause, stages });
  world.finish(run, "infra");
  await world.until("it is told", () => /error$/.test(shown(world).at(-1) ?? ""));
  assert.equal(world.gitea.repos.statuses.at(-1)?.description, `could not be tested (enrolment): ${cause}`);
});

Deno.test("an attempt that met CI trouble stays pending; the last word is that it was no fault of the recipe", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  for (const attempt of [1, 2, 3]) {
    await world.until("it is tried", () => world.engine.started.length === attempt);
    await world.seconds(2);
    assert.ok(shown(world).every((status) => /pending$/.test(status)), shown(world).join(", "));
    world.engine.lose(world.engine.started[attempt - 1]?.RUN ?? "");
  }
  await world.until("it is told", () => /error$/.test(shown(world).at(-1) ?? ""));
  assert.match(world.gitea.repos.statuses.at(-1)?.description ?? "", /not the recipe's fault: .*disappeared/);
});

Deno.test("a status the forge cannot take yet is sent again, after a restart, too, and ends with the verdict", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.fault = ({ path }) => path.includes("/statuses/") ? refusal(500) : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  world.finish(await world.runStarted(), "failed");
  await world.until("the comment is there", () => world.store.liveRuns().length === 0);
  world.restart();
  world.gitea.fault = () => undefined;
  await world.until("it is told", () => shown(world).length > 0);
  assert.deepEqual(shown(world), ["3fa9c1b failure"]);
});

Deno.test("a status without an answer that arrives after the verdict does not stay the last word", async () => {
  using at = await open();
  const { world, pull } = at;
  let times = 0;
  world.gitea.fault = ({ method, path }) =>
    method === "POST" && path.includes("/statuses/") && times++ === 1 ? "no answer" : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "passed");
  await world.until("it is told", () => shown(world).at(-1) === "3fa9c1b success");
  const [waits = assert.fail()] = world.gitea.repos.statuses;
  world.gitea.repos.statuses.push({ ...waits, description: "Is being tested" });
  await world.seconds(20);
  assert.equal(shown(world).at(-1), "3fa9c1b success");
});

Deno.test("the older of two runs of a commit has no say any more", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const first = await world.runStarted();
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("both are there", () => world.store.liveRuns().length === 2);
  world.finish(first, "failed");
  await world.until("the second starts", () => world.engine.started.length === 2);
  await world.seconds(5);
  assert.deepEqual([...new Set(shown(world))], ["3fa9c1b pending"]);
  world.finish(world.engine.started[1]?.RUN ?? "", "passed");
  await world.until("it is told", () => shown(world).at(-1) === "3fa9c1b success");
});

Deno.test("only 201 counts, and a place where we may not is given up", async () => {
  using at = await open();
  const { world, pull } = at;
  let asked = 0;
  world.gitea.fault = ({ path }) => {
    if (!path.includes("/statuses/")) return undefined;
    asked++;
    return refusal(403, "forbidden");
  };
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.runStarted();
  await world.seconds(5);
  const running = world.store.statuses.status({ repo, commit: commits.first });
  assert.equal(running?.delivered, null);
  for (let times = 0; times < 12; times++) {
    world.clock.pass(300);
    await world.second();
  }
  assert.ok(asked <= 10, `${asked} times`);
  assert.equal(world.store.statuses.status({ repo, commit: commits.first })?.dead, 1);
});

Deno.test("the end of the older of two runs does not replace what the newer one came to", async () => {
  using at = await open({ capacity: 2 });
  const { world, pull } = at;
  const other = world.gitea.openPull(repo, commits.first);
  await world.seconds(3);
  for (const one of [pull, other]) world.gitea.say(one, { user: "maintainer", body: "!testme" });
  await world.until("both run", () => world.started().length === 2);
  const [older = "", newer = ""] = world.started();
  world.finish(newer, "failed");
  await world.until("the newer one is over", () => /failure$/.test(shown(world).at(-1) ?? ""));
  world.finish(older, "passed");
  await world.until("the older one is over", () => world.store.liveRuns().length === 0);
  await world.seconds(5);
  assert.match(shown(world).at(-1) ?? "", /failure$/);
});

Deno.test("a run that is cancelled says nothing of its commit: what the run before said is shown again", async () => {
  for (const outcome of ["passed", "failed"] as const) {
    using at = await open();
    const { world, pull } = at;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    const run = await world.runStarted();
    world.dashboard.result(run, { result: outcome, stages: allStages });
    world.finish(run, outcome);
    await world.until("it is over", () => world.store.liveRuns().length === 0);
    const verdict = world.gitea.repos.statuses.at(-1);
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    await world.until("it is tested again", () => world.started().length === 2);
    await world.until("that is shown", () => /pending$/.test(shown(world).at(-1) ?? ""));
    world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
    await world.seconds(3);
    world.finish(world.started()[1] ?? "", "cancelled");
    await world.until("it is cancelled", () => world.store.liveRuns().length === 0);
    world.restart();
    await world.seconds(20);
    assert.deepEqual(world.gitea.repos.statuses.at(-1), verdict, outcome);
  }
});

Deno.test("a run that is cancelled leaves its commit to a run that goes on, and has the say if there is no other", async () => {
  using at = await open();
  const { world, pull } = at;
  const other = world.gitea.openPull(repo, commits.first);
  await world.seconds(3);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const first = await world.runStarted();
  world.gitea.say(other, { user: "maintainer", body: "!testme" });
  await world.until("both are there", () => world.store.liveRuns().length === 2);
  world.gitea.say(other, { user: "maintainer", body: "!testme cancel" });
  await world.until("the newer one is over", () => world.store.liveRuns().length === 1);
  await world.seconds(5);
  assert.equal(shown(world).at(-1), "3fa9c1b pending");
  world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
  world.finish(first, "cancelled");
  await world.until("the older one is over", () => world.store.liveRuns().length === 0);
  await world.seconds(5);
  const last = world.gitea.repos.statuses.at(-1);
  assert.deepEqual([last?.status, last?.description], ["error", "Cancelled: maintainer asked for it"]);
});

Deno.test("without a token for statuses there are none", async () => {
  using world = new World();
  world.gitea.repos.push(repo, commits.second);
  const pull = world.gitea.openPull(repo, commits.first);
  await world.seconds(3);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  world.finish(await world.runStarted(), "passed");
  await world.until("it is over", () => world.store.liveRuns().length === 0);
  assert.deepEqual(world.gitea.repos.statuses, []);
});

Deno.test("a description is one short line of visible characters, whatever a recipe puts into it", () => {
  const facts = { comment: 1, pr: 1, branch: null, login: "m", recipe: "r", repo, accepted_at: 0 };
  const ended: Run = {
    ...newRun({ ...facts, id: "abcdefabcdef", commit: commits.first }),
    state: "finished",
    outcome: "infra",
    attempt: 3,
    settled: 1,
    started_at: 1,
    cause: `a\u202eb\u0000c\n\r\u2028d ${"x".repeat(500)}`,
  };
  const { description } = statusOf(ended, null).status;
  assert.match(description, /: abc d x+…$/);
  assert.equal([...description].length, 140);
});

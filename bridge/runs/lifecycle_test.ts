import assert from "node:assert/strict";
import { runLooks } from "../../wording/outcomes.ts";
import { allStages, open, pass } from "../testing/scenes.ts";
import { commits, repo, type World } from "../testing/world.ts";

/** Another pull request's run holds the engine, so that whatever comes next waits. */
async function busy(world: World): Promise<string> {
  const other = world.gitea.openPull(repo, commits.first);
  world.gitea.say(other, { user: "maintainer", body: "!testme" });
  return await world.runStarted();
}

const firstLine = (body: string | undefined) => (body ?? "").split("\n")[0] ?? "";

Deno.test("a newer command takes a waiting run's place in the queue, and its comment shrinks to a line", async () => {
  using at = await open();
  const { world, pull } = at;
  const holding = await busy(world);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("it waits", () => world.bodies().length === 2);
  const third = world.gitea.openPull(repo, commits.first);
  world.gitea.say(third, { user: "maintainer", body: "!testme" });
  await world.until("the third waits", () => world.bodies().length === 3);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("the older is folded", () => /a newer run follows below/.test(world.bodies()[1] ?? ""));
  assert.equal((world.bodies()[1] ?? "").split("\n\n<!--")[0]?.split("\n").length, 1);
  world.finish(holding, "passed");
  await world.until("the next starts", () => world.engine.started.length === 2);
  assert.equal(world.engine.started[1]?.PR, "1", "before the pull request that asked in between");
  world.assertSound();
});

Deno.test("fifty commands of a minute end in one run", async () => {
  using at = await open();
  const { world, pull } = at;
  const holding = await busy(world);
  for (let times = 0; times < 50; times++) world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(20);
  world.finish(holding, "passed");
  await world.until("one starts", () => world.engine.started.length === 2);
  world.finish(world.engine.started[1]?.RUN ?? "", "passed");
  await world.until("all are reported", () => world.store.liveRuns().length === 0);
  assert.equal(world.engine.started.length, 2);
  world.assertSound();
});

Deno.test("a newer command for another commit stops the running run; for the same one it waits", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(5);
  assert.deepEqual(world.engine.cancelled, []);
  world.clock.pass(60);
  world.gitea.push(pull, commits.second);
  world.clock.pass(60);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("it is stopped", () => world.engine.cancelled.includes(run));
  world.finish(run, "cancelled");
  await world.until("the newest starts", () => world.engine.started.length === 2);
  assert.equal(world.engine.started[1]?.REF, commits.second);
});

Deno.test("an earlier verdict is folded once the next run has its comment", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await pass(world);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("the next starts", () => world.engine.started.length === 2);
  await world.until("the first is folded", () => /newer run/.test(world.bodies()[0] ?? ""));
  assert.match(firstLine(world.bodies()[0]), /^✅ .*passed.*a newer run follows below$/);
  assert.doesNotMatch(world.bodies()[0] ?? "", /nothing left/);
});

Deno.test("what the dashboard said of a run is dropped after two weeks; its comment stays, and is folded in the end", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = (await world.runStarted()).replace(/-1$/, "");
  await pass(world);
  await world.seconds(5);
  const told = world.bodies();
  assert.ok(world.store.run(run)?.view);
  world.clock.pass(13 * 24 * 3600);
  await world.seconds(5);
  assert.ok(world.store.run(run)?.view, "not yet");
  world.clock.pass(2 * 24 * 3600);
  await world.seconds(5);
  assert.equal(world.store.run(run)?.view, null);
  assert.deepEqual(world.bodies(), told);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("it is folded", () => /newer run/.test(world.bodies()[0] ?? ""));
  assert.match(firstLine(world.bodies()[0]), /^✅ .*passed/);
});

Deno.test("a verdict is not folded for a newer run that has no comment yet", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.fault = ({ method, path }) =>
    method === "POST" && path.endsWith("/issues/1/comments")
      ? new Response("{}", { status: 500 })
      : undefined;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("the newer is accepted", () => world.store.liveRuns().length === 2);
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "passed");
  await world.until("the verdict is there", () => /^✅/.test(world.bodies()[0] ?? ""));
  assert.match(world.bodies()[0] ?? "", /nothing left/);
  world.gitea.fault = () => undefined;
  await world.until("it is folded", () => /a newer run follows below/.test(world.bodies()[0] ?? ""));
});

Deno.test("a run that waits is dropped when its commit, pull request or member is gone", async () => {
  const changes: [string, (world: World, pull: { open: boolean }) => void, RegExp][] = [
    [
      "pushed",
      (world) => world.gitea.push(world.gitea.pulls[0] ?? assert.fail(), commits.second),
      /The head moved to c0ffee0/,
    ],
    ["closed", (_, pull) => pull.open = false, /pull request was closed/],
    ["deleted", (world) => world.gitea.pulls.shift(), /not there any more/],
    ["no member", (world) => world.gitea.members.delete("maintainer"), /is not a member of .* any more/],
  ];
  for (const [what, change, said] of changes) {
    using at = await open();
    const { world, pull } = at;
    const holding = await busy(world);
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    await world.until("it waits", () => world.bodies().length === 2);
    change(world, pull);
    world.finish(holding, "passed");
    await world.until(`it is dropped: ${what}`, () => world.store.liveRuns().length === 0);
    assert.equal(world.engine.started.length, 1, what);
    assert.match(world.bodies()[1] ?? "", said);
  }
});

Deno.test("a pull request closed while its run runs stops it within a minute or so", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  pull.open = false;
  await world.seconds(70);
  assert.deepEqual(world.engine.cancelled[0], run);
  world.finish(run, "cancelled");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.match(world.bodies()[0] ?? "", /was cancelled\*\*[\s\S]*The pull request was closed/);
});

Deno.test("a harness that finds its commit replaced met no CI trouble, and is not tried again", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.push(pull, commits.second);
  world.engine.finish(run, "infra");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.match(world.bodies()[0] ?? "", /was cancelled\*\*[\s\S]*The head moved to c0ffee0/);
  await world.seconds(60);
  assert.equal(world.engine.started.length, 1);
});

Deno.test("a push while a run runs leaves it alone", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.push(pull, commits.second);
  await world.seconds(130);
  assert.deepEqual(world.engine.cancelled, []);
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "passed");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.match(world.bodies()[0] ?? "", /✅ \*\*`3fa9c1b`/);
});

Deno.test("CI trouble is tried again, in the same comment, and a later attempt's verdict counts", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  world.finish(await world.runStarted(), "infra");
  await world.until("it says so", () => /tried again in a moment/.test(world.bodies()[0] ?? ""));
  await world.until("it starts again", () => world.engine.started.length === 2);
  const again = world.engine.started[1]?.RUN ?? "";
  await world.until("it tells", () => /Attempt 2 of 3, after CI trouble/.test(world.bodies()[0] ?? ""));
  world.dashboard.result(again, { result: "passed", stages: allStages });
  world.finish(again, "passed");
  await world.until("it is reported", () => world.store.liveRuns().length === 0);
  assert.equal(world.bodies().length, 1);
  assert.match(world.bodies()[0] ?? "", /^✅/);
  world.assertSound();
});

for (
  const { what, retryAt, seconds } of [
    {
      what: "a run that a registry's limit ended is not tried again before the registry wants to be asked",
      retryAt: (now: number) => new Date(now + 600_000).toISOString(),
      seconds: 600,
    },
    {
      what: "a registry that wants to be left alone for years puts a run off by an hour",
      retryAt: () => "9999-01-01T00:00:00.000Z",
      seconds: 3600,
    },
  ]
) {
  Deno.test(what, async () => {
    using at = await open();
    const { world, pull } = at;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    const run = await world.runStarted();
    world.dashboard.result(run, {
      result: "infra",
      stages: allStages,
      retryAt: retryAt(world.clock.now()),
    });
    world.finish(run, "infra");
    await world.until("it says so", () => /tried again at \d\d:\d\d UTC/.test(world.bodies()[0] ?? ""));
    await world.seconds(120);
    assert.equal(world.engine.started.length, 1);
    world.clock.pass(seconds);
    await world.until("it starts again", () => world.engine.started.length === 2);
  });
}

Deno.test("whoever is no member any more gets no second attempt, and cancel ends the wait for one", async () => {
  for (const how of ["left", "cancelled"] as const) {
    using at = await open();
    const { world, pull } = at;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    world.finish(await world.runStarted(), "infra");
    await world.until("it waits", () => /tried again in a moment/.test(world.bodies()[0] ?? ""));
    if (how === "left") world.gitea.members.delete("maintainer");
    else world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
    await world.until(`it is over: ${how}`, () => world.store.liveRuns().length === 0);
    assert.equal(world.engine.started.length, 1);
  }
});

Deno.test("a harness that falls silent is CI trouble within two minutes, where the engine would not notice", async () => {
  using at = await open();
  const { world, pull } = at;
  world.engine.seesDeath = false;
  world.restart();
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  for (let beats = 0; beats < 10; beats++) {
    world.dashboard.heartbeat(run);
    await world.seconds(10);
  }
  assert.equal(world.engine.started.length, 1, "no trouble while it is heard");
  world.dashboard.away = true;
  await world.seconds(100);
  world.dashboard.away = false;
  await world.seconds(40);
  assert.doesNotMatch(world.bodies()[0] ?? "", /CI trouble/, "a dashboard that was away heard nobody");
  world.dashboard.heartbeat(run);
  await world.seconds(110);
  assert.match(world.bodies()[0] ?? "", /CI trouble[\s\S]*fell silent/);
  assert.deepEqual([...new Set(world.engine.cancelled)], [run], "and what is left of it is cleared away");
});

Deno.test("the dashboard is told to stop a run, so that the harness hears it from there", async () => {
  using at = await open();
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.say(pull, { user: "maintainer", body: "!testme cancel" });
  await world.until("it is told", () => world.dashboard.runs.get(run)?.announcement.state === "cancelled");
  assert.equal(world.dashboard.runs.get(run)?.announcement.cause, "maintainer asked for it");
});

Deno.test("a harness that a cancel ends before it can answer is cancelled, and its own word counts otherwise", async () => {
  for (
    const [cause, said] of [
      ["The harness was ended by signal 15", /was cancelled by `root-admin`/],
      [null, /CI trouble/],
    ] as const
  ) {
    using at = await open();
    const { world, pull } = at;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    const run = await world.runStarted();
    world.gitea.say(pull, { user: "root-admin", body: "!testme cancel" });
    await world.until("the engine is told", () => world.engine.cancelled.length > 0);
    if (cause === null) world.finish(run, "infra");
    else world.engine.breakOff(run, cause);
    await world.until("it is over", () => world.store.liveRuns().length === 0);
    assert.match(world.bodies()[0] ?? "", said);
  }
});

Deno.test("what a person cancelled reads so in comment, status and dashboard, also once a newer command came", async () => {
  using at = await open({ statuses: true });
  const { world, pull } = at;
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  const run = await world.runStarted();
  world.gitea.say(pull, { user: "root-admin", body: "!testme cancel" });
  await world.until("the engine is told", () => world.engine.cancelled.length > 0);
  world.gitea.push(pull, commits.second);
  await world.seconds(10);
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.seconds(5);
  world.dashboard.result(run, { result: "cancelled", cause: "It was told to stop (SIGTERM)", stages: [] });
  world.finish(run, "cancelled");
  await world.until("the next run starts", () => world.engine.started.length === 2);
  await world.seconds(10);
  assert.match(
    world.bodies()[0] ?? "",
    /^⏹️ \*\*Testing .* was cancelled by `root-admin`\*\*.* · a newer run follows/,
  );
  assert.equal(world.dashboard.runs.get(run)?.announcement.cause, "root-admin asked for it");
  const status = world.gitea.repos.statuses.findLast(({ commit }) => commit === commits.first);
  assert.equal(status?.description, "Cancelled: root-admin asked for it");
});

Deno.test("a run that was replaced while it waited has one name on comment, status and dashboard", async () => {
  using at = await open({ statuses: true });
  const { world, pull } = at;
  const other = world.gitea.openPull(repo, commits.second);
  world.gitea.say(other, { user: "maintainer", body: "!testme" });
  await world.runStarted();
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("it waits", () => world.bodies().length === 2);
  const [, replaced = ""] = [...world.dashboard.runs.keys()];
  world.gitea.say(pull, { user: "maintainer", body: "!testme" });
  await world.until("the newer one has its comment", () => world.bodies().length === 3);
  await world.seconds(5);
  assert.match(world.bodies()[1] ?? "", /^⏹️ \*\*Testing .* was replaced\*\*/);
  const told = world.dashboard.runs.get(replaced)?.announcement;
  assert.deepEqual([told?.state, runLooks[told?.state ?? "queued"].word], ["superseded", "replaced"]);
});

Deno.test("a run's end is fetched at once, whenever the run was last looked at", async () => {
  for (const offset of [3, 4]) {
    using at = await open();
    const { world, pull } = at;
    world.gitea.say(pull, { user: "maintainer", body: "!testme" });
    const run = await world.runStarted();
    await world.seconds(offset);
    world.dashboard.result(run, { result: "passed", stages: allStages });
    world.finish(run, "passed");
    await world.second();
    assert.deepEqual(world.store.liveRuns().map(({ state, settled }) => ({ state, settled })), [
      { state: "finished", settled: 1 },
    ]);
  }
});

import assert from "node:assert/strict";
import { standingOf } from "./recipe_standing.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, main, pullRequest, tell, type Told } from "../testing/story.ts";

const recipe = "miniflux";
const DAY = 24 * 3600;

async function told(...runs: (Partial<Told> & { run: string })[]): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  for (const run of runs) await tell(dashboard, { recipe, ...run });
  return dashboard;
}

function standing(dashboard: TestDashboard) {
  return standingOf(dashboard.deps.store, recipe, { enrolled: true, now: dashboard.clock.now() });
}

const failed = { result: "failed", stage: "upgrade", cause: "data is gone", level: 1 } as const;
const infra = { result: "infra", stage: "fetch", cause: "the forge is away", level: 0 } as const;

Deno.test("a red pull request never becomes a recipe's public face", async () => {
  await using dashboard = await told({ run: "branch-1" }, {
    run: "prrun1-1",
    subject: pullRequest(3),
    ...failed,
  });
  assert.equal(standing(dashboard).face?.run, "branch-1");
  assert.equal(standing(dashboard).health, "good");
});

Deno.test("the newest branch or tag speaks, even when a tag came after the branch", async () => {
  const tag = { kind: "tag", name: "1.0.0+2", src: "a/b" } as const;
  await using dashboard = await told({ run: "branch-1" }, { run: "tagged-1", subject: tag, ...failed });
  assert.equal(standing(dashboard).face?.run, "tagged-1");
});

Deno.test("where only pull requests were tested, the newest that passed speaks, and a red one stands beside", async () => {
  await using dashboard = await told(
    { run: "prrun1-1", subject: pullRequest(3) },
    { run: "prrun2-1", subject: pullRequest(4), ...failed },
  );
  const now = standing(dashboard);
  assert.deepEqual([now.face?.run, now.beside?.run, now.health], ["prrun1-1", "prrun2-1", "good"]);
  await tell(dashboard, { recipe, run: "branch-1" });
  assert.deepEqual([standing(dashboard).face?.run, standing(dashboard).beside], ["branch-1", null]);
});

Deno.test("a recipe of which only a red pull request was tested is not tested yet, on overview, page and badge", async () => {
  await using dashboard = await told({ run: "prrun1-1", subject: pullRequest(3), ...failed });
  dashboard.enrolled = [recipe];
  const now = standing(dashboard);
  assert.deepEqual([now.face, now.beside?.run, now.badSince, now.health], [
    null,
    "prrun1-1",
    null,
    "untested",
  ]);
  for (const type of ["level", "status"]) {
    const badge = await dashboard.page(`/badge/${recipe}.svg?type=${type}`);
    assert.match(badge, /not tested yet/);
    assert.doesNotMatch(badge, /failed|PR #3|level/);
  }
  const overview = await dashboard.page("/");
  assert.match(overview, /enrolled, not tested yet[^]*href="\/runs\/prrun1-1"><bdi>PR #3<\/bdi> failed/);
  assert.doesNotMatch(overview, /tone-bad">.*data is gone/);
  assert.match(
    await dashboard.page(`/recipes/${recipe}`),
    /Not tested yet: no branch or tag was[^]*PR #3<\/a> failed/,
  );
});

Deno.test("trouble of the CI, cancelled and replaced runs say nothing about the recipe", async () => {
  await using dashboard = await told({ run: "branch-1" }, { run: "branch-2", ...infra }, {
    run: "branch-3",
    result: "cancelled",
  });
  assert.equal(standing(dashboard).face?.run, "branch-1");
  await dashboard.announce("branch-4", announcementOf({ recipe }, { state: "superseded" }));
  assert.equal(standing(dashboard).face?.run, "branch-1");
  assert.equal(standing(dashboard).health, "good");
  await tell(dashboard, { run: "branch-5", recipe, ...infra });
  assert.equal(standing(dashboard).health, "trouble");
});

Deno.test("trouble met by a pull request's run does not ask for a look at the recipe", async () => {
  await using dashboard = await told(
    { run: "prrun1-1", subject: pullRequest(3) },
    { run: "prrun2-1", subject: pullRequest(3), ...infra },
  );
  assert.equal(standing(dashboard).health, "good");
});

Deno.test("broken is said since the first bad verdict after the last good one, and who is on it", async () => {
  await using dashboard = await told(
    { run: "branch-1", ...failed },
    { run: "branch-2" },
    { run: "branch-3", ...failed },
    { run: "branch-4", ...failed },
    { run: "prrun1-1", subject: pullRequest(9) },
  );
  const now = standing(dashboard);
  assert.equal(now.badSince?.run, "branch-3");
  assert.equal(now.onIt?.run, "prrun1-1");
  assert.equal(now.health, "broken");
});

Deno.test("a level that fell since the verdict before is most urgent, even when the run passed", async () => {
  await using dashboard = await told({ run: "branch-1", level: 3 }, { run: "branch-2", level: 1 });
  assert.equal(standing(dashboard).health, "fell");
  assert.equal(standing(dashboard).previous?.level, 3);
});

Deno.test("level 0 is a level", async () => {
  await using dashboard = await told({ run: "branch-1", ...failed, level: 0 });
  assert.equal(standing(dashboard).face?.level, 0);
  assert.equal(standing(dashboard).health, "broken");
});

Deno.test("a result older than thirty days is stale", async () => {
  await using dashboard = await told({ run: "branch-1" });
  dashboard.clock.pass(30 * DAY);
  assert.equal(standing(dashboard).stale, false);
  dashboard.clock.pass(1);
  assert.deepEqual([standing(dashboard).stale, standing(dashboard).health], [true, "stale"]);
});

Deno.test("the last ten runs come oldest first, without those that were replaced", async () => {
  await using dashboard = await told(
    ...Array.from(
      { length: 12 },
      (_, at) => ({ run: `number-${at}`, subject: at % 2 ? main : pullRequest(1) }),
    ),
  );
  await dashboard.announce("replaced-1", announcementOf({ recipe }, { state: "superseded" }));
  const runs = standing(dashboard).recent.map((run) => run.run);
  assert.deepEqual([runs.length, runs[0], runs[9]], [10, "number-2", "number-11"]);
});

Deno.test("of runs going on the running one is told before those that wait", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce("waiting-1", announcementOf({ recipe }, { state: "queued" }));
  await dashboard.announce("running-1", announcementOf({ recipe }));
  assert.equal(standing(dashboard).active?.run, "running-1");
  assert.equal(standing(dashboard).health, "untested");
});

Deno.test("a runner that tests a work tree does not speak for the recipe", async () => {
  await using dashboard = await told({
    run: "laptop-1",
    subject: { kind: "worktree", path: "/home/me/miniflux" },
  });
  assert.equal(standing(dashboard).face, null);
  assert.deepEqual(standing(dashboard).recent, []);
});

import assert from "node:assert/strict";
import { stageFacts } from "../../wording/stages.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { main, pullRequest, tell, type Told } from "../testing/story.ts";

async function withRuns(all: Partial<Told>[]): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  for (const [at, told] of all.entries()) {
    const stages: Told["stages"] = [{ name: "install", seconds: 20 }, {
      name: "upgrade",
      seconds: 40,
      result: told.result === "failed" ? "failed" : "passed",
    }];
    await tell(dashboard, { run: `story${at}-1`, recipe: "miniflux", subject: main, stages, ...told });
    dashboard.clock.pass(3600);
  }
  return dashboard;
}

const one = "1".repeat(40);
const other = "2".repeat(40);

Deno.test("a flake is one commit with two verdicts; trouble of the CI is none", async () => {
  await using dashboard = await withRuns([
    { commit: one },
    { commit: one, result: "failed" },
    { commit: other },
    { commit: other },
    { commit: other, result: "infra" },
    { commit: "3".repeat(40), result: "failed" },
  ]);
  assert.deepEqual(dashboard.deps.store.history.flakes("miniflux", { among: 99 }), { repeated: 2, flaky: 1 });
  assert.match(await dashboard.page("/recipes/miniflux"), /flake rate of 50 %/);
});

Deno.test("the recipe's page names the versions upgraded from, and draws what the stages took", async () => {
  await using dashboard = await withRuns([
    { base: "1.0.0+1", result: "failed" },
    { base: "1.0.0+1" },
    { base: "2.0.0+2", result: "failed", stage: "upgrade", cause: "data is gone" },
  ]);
  const page = await dashboard.page("/recipes/miniflux");
  const paths = [
    ...page.matchAll(
      /<\/svg><\/span> <a [^>]*>from <bdi>([0-9.+]+)<\/bdi><\/a> <span class="muted">([^<]+)</g,
    ),
  ];
  assert.deepEqual(paths.map(([, base, runs]) => [base, runs]), [["2.0.0+2", "0 of 1 run passed"], [
    "1.0.0+1",
    "1 of 2 runs passed",
  ]]);
  const bars = [...page.matchAll(/<rect fill="(#[0-9a-f]{6})" x=[^>]*height="([0-9.]+)"/g)];
  assert.deepEqual(bars.slice(0, 2).map(([, colour, height]) => [colour, Number(height)]), [
    [stageFacts.install.colour, 20],
    [stageFacts.upgrade.colour, 40],
  ]);
  assert.match(page, /the longest took 1 min 00 s/);
});

Deno.test("of a run that upgraded from several versions each counts by itself, and none that was not tried", async () => {
  const bases = [
    { version: "3.0.0+1", result: "passed", seconds: 20 } as const,
    { version: "2.0.0+1", result: "failed", seconds: 20, cause: "data is gone" } as const,
    { version: "1.0.0+1", result: "blocked", seconds: 0, reason: "the upgrade from 2.0.0+1" } as const,
  ];
  const upgrade = { name: "upgrade", seconds: 40, result: "failed", bases } as const;
  await using dashboard = await withRuns([
    { base: "3.0.0+1", result: "failed", stage: "upgrade", cause: "data is gone", stages: [upgrade] },
  ]);
  const page = await dashboard.page("/recipes/miniflux");
  const paths = [...page.matchAll(/from <bdi>([0-9.+]+)<\/bdi><\/a> <span class="muted">([^<]+)</g)];
  assert.deepEqual(paths.map(([, base, runs]) => `${base}: ${runs}`), [
    "3.0.0+1: 1 of 1 run passed",
    "2.0.0+1: 0 of 1 run passed",
  ]);
});

Deno.test("pull requests have no say in the upgrades of a recipe whose branch is tested, and are named where it is not", async () => {
  const failed = { result: "failed", stage: "upgrade", cause: "data is gone" } as const;
  await using dashboard = await withRuns([
    { base: "1.0.0+1" },
    { base: "1.0.0+1", subject: pullRequest(7), ...failed },
    { base: "0.9.0+1", subject: pullRequest(8), ...failed },
    { base: "1.0.0+1", recipe: "young", subject: pullRequest(9), ...failed },
  ]);
  const upgrades = async (recipe: string) =>
    /<h2>Upgrades tested<\/h2>([^]*?)<\/section>/.exec(await dashboard.page(`/recipes/${recipe}`))?.[1] ?? "";
  const own = await upgrades("miniflux");
  assert.match(own, /aria-label="works"[^]*1 of 1 run passed/);
  assert.doesNotMatch(own, /fails|0\.9\.0|PR #/);
  assert.match(await upgrades("young"), /aria-label="fails"[^]*0 of 1 run passed, last by PR #9/);
});

Deno.test("older pages of a history lead back to the newest, and their end is no untested recipe", async () => {
  await using dashboard = await withRuns(Array.from({ length: 31 }, () => ({})));
  assert.doesNotMatch(await dashboard.page("/recipes/miniflux"), /Newest runs/);
  const older = /rel="next" href="([^"]+)"/.exec(await dashboard.page("/recipes/miniflux"))?.[1] ?? "";
  assert.match(await dashboard.page(older), /<a href="\/recipes\/miniflux">← Newest runs<\/a>/);
  const end = await dashboard.page("/recipes/miniflux?before=nobody-1");
  assert.match(end, /There are no older runs\./);
  assert.match(end, /← Newest runs/);
  assert.doesNotMatch(end, /has not been tested yet/);
});

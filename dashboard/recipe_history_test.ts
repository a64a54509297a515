import assert from "node:assert/strict";
import { flakes } from "./recipe_history.ts";
import { TestDashboard } from "./testing/dashboard.ts";
import { main, tell, type Told } from "./testing/story.ts";

async function withRuns(all: Partial<Told>[]): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  for (const [at, told] of all.entries()) {
    const stages: Told["stages"] = [{ name: "install", seconds: 20 }, {
      name: "upgrade",
      seconds: 40,
      result: told.result === "failed" ? "failed" : "passed",
    }];
    await tell(dashboard, { run: `story${at}-1`, recipe: "miniflux", subject: main, stages, ...told });
    dashboard.clock.forward(3600);
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
  assert.deepEqual(flakes(dashboard.deps.store.runs({ limit: 99 })), { repeated: 2, flaky: 1 });
  assert.match(await dashboard.page("/recipes/miniflux"), /flake rate of 50 %/);
});

Deno.test("the recipe's page names the versions upgraded from, and draws what the stages took", async () => {
  await using dashboard = await withRuns([
    { base: "1.0.0+1", result: "failed" },
    { base: "1.0.0+1" },
    { base: "2.0.0+2", result: "failed", stage: "upgrade", cause: "data is gone" },
  ]);
  const page = await dashboard.page("/recipes/miniflux");
  const paths = [...page.matchAll(/from ([0-9.+]+)<\/a> <span class="muted">([^<]+)</g)];
  assert.deepEqual(paths.map(([, base, runs]) => [base, runs]), [["2.0.0+2", "0 of 1 run"], [
    "1.0.0+1",
    "1 of 2 runs",
  ]]);
  const bars = [...page.matchAll(/<rect class="of-(install|upgrade)"[^>]*height="([0-9.]+)"/g)].filter((
    [bar],
  ) => bar.includes("y="));
  assert.deepEqual(bars.slice(0, 2).map(([, name, height]) => [name, Number(height)]), [["install", 20], [
    "upgrade",
    40,
  ]]);
  assert.match(page, /the longest took 1 min 00 s/);
});

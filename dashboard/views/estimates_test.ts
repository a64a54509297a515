import assert from "node:assert/strict";
import { waitingTimes } from "./estimates.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, tell } from "../testing/story.ts";

/** A dashboard that knows runs of `miniflux` to take 100 s and of `slow` 400 s. */
async function withHistory(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await tell(dashboard, {
    run: "before1-1",
    recipe: "miniflux",
    stages: [{ name: "install", seconds: 100 }],
  });
  await tell(dashboard, { run: "before2-1", recipe: "slow", stages: [{ name: "install", seconds: 400 }] });
  return dashboard;
}

async function start(dashboard: TestDashboard, run: string, recipe: string): Promise<void> {
  await dashboard.announce(run, announcementOf({ recipe }));
  const t = dashboard.clock.iso();
  const subject = announcementOf({ recipe }).subject;
  await dashboard.events(run, {
    offset: 0,
    events: [{ t, type: "run.started", run, recipe, subject, stages: [] }],
  });
}

async function wait(dashboard: TestDashboard, run: string, told: { recipe: string; position: number }) {
  const { recipe, position } = told;
  await dashboard.announce(run, announcementOf({ recipe }, { state: "queued", position }));
}

function waits({ deps, clock }: TestDashboard): (number | null)[] {
  return [...waitingTimes(deps, deps.store.activeRuns(), clock.now()).values()].map((ms) =>
    ms === null ? null : ms / 1000
  );
}

Deno.test("where one runs, those that wait have their turns one after the other", async () => {
  await using dashboard = await withHistory();
  await start(dashboard, "going1-1", "miniflux");
  dashboard.clock.pass(30);
  await wait(dashboard, "queue1-1", { recipe: "slow", position: 0 });
  await wait(dashboard, "queue2-1", { recipe: "miniflux", position: 1 });
  assert.deepEqual(waits(dashboard), [70, 470]);
});

Deno.test("where two run, each that waits gets the place that is free first", async () => {
  await using dashboard = await withHistory();
  await start(dashboard, "going1-1", "miniflux");
  await start(dashboard, "going2-1", "slow");
  dashboard.clock.pass(30);
  await wait(dashboard, "queue1-1", { recipe: "miniflux", position: 0 });
  await wait(dashboard, "queue2-1", { recipe: "slow", position: 1 });
  await wait(dashboard, "queue3-1", { recipe: "miniflux", position: 2 });
  assert.deepEqual(waits(dashboard), [70, 170, 370]);
});

Deno.test("where nothing runs the next one starts at once; without any history nobody can tell", async () => {
  await using dashboard = await withHistory();
  await wait(dashboard, "queue1-1", { recipe: "miniflux", position: 0 });
  await wait(dashboard, "queue2-1", { recipe: "miniflux", position: 1 });
  assert.deepEqual(waits(dashboard), [0, 100]);
  await using fresh = new TestDashboard();
  await wait(fresh, "queue1-1", { recipe: "miniflux", position: 0 });
  await wait(fresh, "queue2-1", { recipe: "miniflux", position: 1 });
  assert.deepEqual(waits(fresh), [0, null]);
});

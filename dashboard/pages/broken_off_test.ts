import assert from "node:assert/strict";
import { runView } from "../../protocol/dashboard_api.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, tell, type Told } from "../testing/story.ts";

const told: Told = {
  run: "broken-1",
  recipe: "miniflux",
  stages: [{ name: "fetch" }, { name: "install", log: ["a line"] }],
  unfinished: true,
};

/** A run whose machine died in its install. */
async function brokenOff(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await dashboard.announce(told.run, announcementOf(told));
  const [began, ...others] = eventsOf(
    told,
    () => dashboard.clock.iso(),
    (seconds) => dashboard.clock.pass(seconds),
  );
  const stages = ["fetch", "install", "teardown"];
  await dashboard.events(told.run, { offset: 0, events: [{ ...began as object, stages }, ...others] });
  dashboard.clock.pass(90);
  await dashboard.announce(told.run, announcementOf(told, { state: "infra", cause: "its machine is gone" }));
  dashboard.clock.pass(3600);
  return dashboard;
}

Deno.test("a stage of a run that was given up is broken off when the run ended, and the next was not reached", async () => {
  await using dashboard = await brokenOff();
  const page = await dashboard.page(`/runs/${told.run}`);
  assert.match(page, /aria-label="broken off"[^]*?install[^]*?<span class="stage-time">1 min 30 s<\/span>/);
  assert.match(page, /outcome-unreached"[^>]*id="stage-teardown"[^]*?aria-label="not reached"/);
  assert.doesNotMatch(page, /aria-label="(running|waiting)"/);
  assert.match(page, /<details class="log" open[^>]*data-stage="install"/);
});

Deno.test("the API says that nothing runs in a run that was given up", async () => {
  await using dashboard = await brokenOff();
  const run = runView.parse(JSON.parse(await dashboard.page(`/api/runs/${told.run}`)));
  assert.deepEqual(run.stages.map(({ running }) => running), [false, false, false]);
});

Deno.test("a harness is told to stop a run that was given up, whatever it is called then", async () => {
  await using dashboard = new TestDashboard();
  for (const state of ["infra", "expired", "timed_out", "failed", "cancelled", "superseded"] as const) {
    const run = `${state.replace("_", "")}00-1`.slice(-11);
    await dashboard.announce(run, announcementOf(told));
    assert.deepEqual(await (await dashboard.heartbeat(run)).json(), { cancel: false, why: null }, state);
    await dashboard.announce(run, announcementOf(told, { state }));
    assert.deepEqual(await (await dashboard.heartbeat(run)).json(), { cancel: true, why: null }, state);
  }
});

Deno.test("a run that a person cancelled says so, though its harness knows a signal only", async () => {
  await using dashboard = new TestDashboard();
  const stopped = {
    ...told,
    unfinished: false,
    result: "cancelled",
    cause: "It was told to stop (SIGTERM)",
  } as const;
  await tell(dashboard, stopped);
  await dashboard.announce(
    told.run,
    announcementOf(told, { state: "cancelled", cause: "maintainer asked for it" }),
  );
  assert.match(await dashboard.page(`/runs/${told.run}`), /Cancelled: maintainer asked for it/);
  await dashboard.announce(told.run, announcementOf(told, { state: "cancelled" }));
  assert.match(await dashboard.page(`/runs/${told.run}`), /Cancelled: It was told to stop/);
});

Deno.test("a given up run whose harness was then stopped stays what the bridge called it, and why", async () => {
  await using dashboard = await brokenOff();
  const events = eventsOf(
    { ...told, unfinished: false, result: "cancelled", cause: "It was told to stop (SIGTERM)" },
    () => dashboard.clock.iso(),
    () => {},
  );
  await dashboard.events(told.run, { offset: 5, events: events.slice(5) });
  const run = dashboard.deps.store.find(told.run);
  assert.deepEqual([run?.state, run?.cause], ["infra", "its machine is gone"]);
});

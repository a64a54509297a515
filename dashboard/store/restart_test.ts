import assert from "node:assert/strict";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, type Told } from "../testing/story.ts";

const told: Told = {
  run: "kept01-1",
  recipe: "miniflux",
  stages: [{ name: "install", log: ["one", "two", "three", "four"] }],
};

async function halfWay(): Promise<{ dashboard: TestDashboard; events: unknown[]; log: string }> {
  const dashboard = new TestDashboard();
  await dashboard.announce(told.run, announcementOf(told, { link: "https://git.example.org/pulls/1" }));
  const events = eventsOf(told, () => dashboard.clock.iso(), () => {});
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 5) });
  return { dashboard, events, log: `${dashboard.folder}/runs/${told.run}/events.ndjson` };
}

Deno.test("a restart in the middle of a run keeps everything, and the run goes on", async () => {
  const { dashboard, events } = await halfWay();
  await using _ = dashboard;
  await dashboard.artefact(told.run, "a.log", "kept");
  const before = await (await dashboard.get(`/api/runs/${told.run}`)).text();
  dashboard.restart();
  assert.equal(await (await dashboard.get(`/api/runs/${told.run}`)).text(), before);
  assert.equal(await dashboard.page(`/runs/${told.run}/artefacts/a.log`), "kept");
  const rest = await dashboard.events(told.run, { offset: 5, events: events.slice(5) });
  assert.deepEqual(await rest.json(), { offset: events.length });
  dashboard.restart();
  assert.equal((await (await dashboard.get(`/api/runs/${told.run}`)).json()).state, "passed");
  assert.equal((await dashboard.page(`/runs/${told.run}/log.txt`)).trim().split("\n").length, 4);
});

Deno.test("events that were written but never acknowledged are not doubled when they are sent again", async () => {
  const { dashboard, events, log } = await halfWay();
  await using _ = dashboard;
  // Killed between the log file and the database: the file has more than the database knows, the last line torn.
  await Deno.writeTextFile(log, `${JSON.stringify(events[5])}\n{"t":"2026-0${"x".repeat(20_000)}`, {
    append: true,
  });
  dashboard.restart();
  assert.match(await dashboard.page(`/runs/${told.run}`), /id="install-2"/);
  assert.equal((await dashboard.events(told.run, { offset: 5, events: events.slice(5) })).status, 200);
  const stored = (await Deno.readTextFile(log)).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(stored, events);
});

Deno.test("a log the machine lost is asked for again from its beginning", async () => {
  const { dashboard, events, log } = await halfWay();
  await using _ = dashboard;
  await Deno.truncate(log, 10);
  dashboard.restart();
  const refused = await dashboard.events(told.run, { offset: 5, events: events.slice(5) });
  assert.deepEqual([refused.status, (await refused.json()).offset], [409, 0]);
  assert.equal((await dashboard.events(told.run, { offset: 0, events })).status, 200);
  assert.equal((await (await dashboard.get(`/api/runs/${told.run}`)).json()).state, "passed");
});

Deno.test("a lost log is shown as missing, not as a mistake", async () => {
  const { dashboard, log } = await halfWay();
  await using _ = dashboard;
  await Deno.remove(log);
  assert.equal((await dashboard.get(`/runs/${told.run}`)).status, 200);
  assert.equal(await dashboard.page(`/runs/${told.run}/log.txt`), "");
});

import assert from "node:assert/strict";
import { Hub } from "./hub.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, tell } from "../testing/story.ts";

const run = "watched-1";

/** Waits as a viewer does; the timer is there to be shut out. */
function woken(hub: Hub, version: number): Promise<void> {
  return hub.wait(run, { version, ms: 60_000 });
}

Deno.test("whoever waits is woken by the end of a run", async () => {
  using hub = new Hub();
  hub.changed(run);
  const waiting = woken(hub, hub.version(run));
  hub.changed(run, { over: true });
  await waiting;
});

Deno.test("whoever looked before the end of a run and waits after it is not left waiting", async () => {
  using hub = new Hub();
  for (const before of [() => {}, () => hub.changed(run)]) {
    before();
    const version = hub.version(run);
    hub.changed(run, { over: true });
    await woken(hub, version);
    hub.changed(run, { over: true });
    await woken(hub, version);
  }
});

Deno.test("of runs that are over nothing is remembered", async () => {
  await using dashboard = new TestDashboard();
  const { hub } = dashboard.deps;
  await dashboard.announce("going01-1", announcementOf({ recipe: "miniflux" }));
  for (let at = 0; at < 20; at++) {
    await tell(dashboard, { run: `ended${at}-1`, recipe: "miniflux", files: { "a.log": "text" } });
    await dashboard.announce(`ended${at}-1`, announcementOf({ recipe: "miniflux" }, { state: "passed" }));
  }
  assert.equal(hub.remembered, 1);
});

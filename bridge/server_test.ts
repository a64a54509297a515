import assert from "node:assert/strict";
import { routes, type Vitals } from "./server.ts";
import { Store } from "./store.ts";
import { FakeClock } from "./testing/fake_clock.ts";

function scene() {
  const clock = new FakeClock();
  const store = new Store(":memory:");
  const vitals: Vitals = { polledAt: null, pollFailure: null, problems: [] };
  const app = routes({ vitals, store, clock, stalePollMs: 60_000 });
  const look = async () => {
    const response = await app.request("/healthz");
    return { status: response.status, body: await response.json() };
  };
  return { clock, store, vitals, look, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

Deno.test("/healthz is good only while the forge is seen", async () => {
  using at = scene();
  assert.equal((await at.look()).status, 503, "never polled");
  at.vitals.polledAt = at.clock.now();
  assert.equal((await at.look()).status, 200);
  at.clock.pass(61);
  at.vitals.pollFailure = "connection refused";
  const { status, body } = await at.look();
  assert.equal(status, 503);
  assert.deepEqual([body.ok, body.poll_age_s, body.poll_failure], [false, 61, "connection refused"]);
});

Deno.test("/healthz tells the age of the oldest text the forge has not got", async () => {
  using at = scene();
  at.store.addPost({ key: "k", marker: "m", repo: "o/r", pr: 1, body: "b", planned_at: at.clock.now() });
  at.clock.pass(42);
  assert.equal((await at.look()).body.outbox_age_s, 42);
});

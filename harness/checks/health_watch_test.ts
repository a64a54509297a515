import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { HealthWatch, unhealthyContainer } from "./health_watch.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { Swarm } from "../swarm/swarm.ts";

const event = (action: string, id: string) => `${JSON.stringify({ Action: action, Actor: { ID: id } })}\n`;

Deno.test("only events of a failed health check name a container", () => {
  assert.equal(unhealthyContainer(event("health_status: unhealthy", "a")), "a");
  assert.equal(unhealthyContainer(event("health_status: healthy", "a")), null);
  assert.equal(unhealthyContainer("no JSON"), null);
});

/** A watch over containers that are there one look after the other, after container `a` was unhealthy for a moment. */
async function watchAfterTrouble(looks: string[][], graceS: number) {
  const stream = new PassThrough();
  const seen = { looked: 0 };
  const swarm = {
    docker: { getEvents: () => Promise.resolve(stream) },
    containers() {
      const ids = looks[Math.min(seen.looked++, looks.length - 1)] ?? [];
      return Promise.resolve(ids.map((Id) => ({ Id, State: "running" })));
    },
    services: () =>
      Promise.resolve([{ Spec: { TaskTemplate: { ContainerSpec: { StopGracePeriod: graceS * 1e9 } } } }]),
  } as unknown as Swarm;
  const watch = await HealthWatch.start(swarm, "s");
  const [first = "", second = ""] = [
    event("health_status: unhealthy", "a"),
    event("health_status: healthy", "a"),
  ];
  stream.write(first.slice(0, 10));
  stream.write(first.slice(10) + second);
  await new Promise<void>((resolve) => setImmediate(resolve));
  const clock = new FakeClock(0);
  const signal = new AbortController().signal;
  return { watch, seen, wait: () => watch.replaced(signal, clock), waited: () => clock.now() };
}

Deno.test("a container that was unhealthy once is waited for, though it be healthy again", async () => {
  const { watch, wait, seen } = await watchAfterTrouble([["a", "b"], ["a", "b"], ["b", "c"]], 0);
  using _closing = watch;
  await wait();
  assert.equal(seen.looked, 3);
});

Deno.test("a container gets the time that its recipe lets it take to stop, and then is nobody's failure", async () => {
  const { watch, wait, waited } = await watchAfterTrouble([["a", "b"]], 120);
  using _closing = watch;
  await wait();
  assert.equal(waited(), 150_000);
});

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { HealthWatch, unhealthyContainer } from "./health_watch.ts";
import type { Swarm } from "./swarm.ts";

const event = (action: string, id: string) => `${JSON.stringify({ Action: action, Actor: { ID: id } })}\n`;

Deno.test("only events of a failed health check name a container", () => {
  assert.equal(unhealthyContainer(event("health_status: unhealthy", "a")), "a");
  assert.equal(unhealthyContainer(event("health_status: healthy", "a")), null);
  assert.equal(unhealthyContainer("no JSON"), null);
});

Deno.test("a container that was unhealthy once is waited for, though it be healthy again", async () => {
  const stream = new PassThrough();
  const looks = [["a", "b"], ["a", "b"], ["b", "c"]];
  let looked = 0;
  const swarm = {
    docker: { getEvents: () => Promise.resolve(stream) },
    containers: () => Promise.resolve((looks[looked++] ?? []).map((Id) => ({ Id, State: "running" }))),
  } as unknown as Swarm;
  using watch = await HealthWatch.start(swarm, "s");
  const [first = "", second = ""] = [
    event("health_status: unhealthy", "a"),
    event("health_status: healthy", "a"),
  ];
  stream.write(first.slice(0, 10));
  stream.write(first.slice(10) + second);
  await new Promise<void>((resolve) => setImmediate(resolve));
  await watch.replaced(new AbortController().signal);
  assert.equal(looked, 3);
});

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { Swarm } from "../swarm/swarm.ts";
import { followKills, type MemoryKill } from "./kills.ts";

/** As Docker 20.10 and 28.5 say it, in part. */
const event = (id: string) =>
  JSON.stringify({
    status: "oom",
    id,
    Type: "container",
    Action: "oom",
    Actor: { ID: id, Attributes: { "com.docker.swarm.service.name": "cust-0a1b2c_ci_localhost_db" } },
    timeNano: 1795884000000000000,
  });

Deno.test("an end for want of memory is told with its service, and with what the compose file allows", async () => {
  const swarm = new Swarm("/nowhere");
  const lines = `${event("own")}\n${event("ours")}\n${event("gone")}\n`;
  const chunks = [lines.slice(0, 100), lines.slice(100)];
  swarm.docker.getEvents = ((options: { filters: string }) => {
    assert.deepEqual(JSON.parse(options.filters), {
      type: ["container"],
      event: ["oom"],
      label: ["com.docker.stack.namespace=cust-0a1b2c_ci_localhost"],
    });
    return Promise.resolve(Readable.from(chunks));
  }) as never;
  swarm.docker.getContainer = ((id: string) => ({
    inspect: () =>
      id === "gone" ? Promise.reject(new Error("no such container")) : Promise.resolve({
        HostConfig: { Memory: id === "own" ? 64_000_000 : 0 },
      }),
  })) as never;
  const kills: MemoryKill[] = [];
  const signal = new AbortController().signal;
  await followKills(swarm, "cust-0a1b2c_ci_localhost", { signal, take: (kill) => void kills.push(kill) });
  assert.deepEqual(kills, [
    { service: "db", allowed: 64_000_000 },
    { service: "db", allowed: null },
  ]);
});

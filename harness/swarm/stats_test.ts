import assert from "node:assert/strict";
import { parseStats } from "./stats.ts";

const line = (usage: number, stats: Record<string, number>) =>
  JSON.stringify({
    read: "2026-03-01T10:00:00Z",
    memory_stats: { usage, limit: 9e9, stats },
    cpu_stats: { cpu_usage: { total_usage: 2.5e9, usage_in_kernelmode: 1 }, online_cpus: 2 },
  });

Deno.test("cache that can be dropped does not count, with either version of control groups", () => {
  assert.deepEqual(parseStats(line(5000, { inactive_file: 1500, active_file: 500 })), {
    memoryBytes: 3500,
    heldBytes: 3000,
    cpuSeconds: 2.5,
  });
  const first = { inactive_file: 1, total_inactive_file: 1000, active_file: 2, total_active_file: 700 };
  assert.deepEqual(parseStats(line(5000, first)), {
    memoryBytes: 4000,
    heldBytes: 3300,
    cpuSeconds: 2.5,
  });
});

Deno.test("a container that does not run has no numbers", () => {
  assert.equal(parseStats('{"memory_stats":{},"cpu_stats":{"cpu_usage":{"total_usage":0}}}'), null);
  assert.equal(parseStats("half a li"), null);
});

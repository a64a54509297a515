import assert from "node:assert/strict";
import { ServiceUse } from "./service_use.ts";

const sample = (id: string, service: string, [memoryBytes, cpuSeconds]: [number, number]) => ({
  id,
  service,
  memoryBytes,
  cpuSeconds,
});

Deno.test("the peak is that of one moment, over all containers of a service", () => {
  const use = new ServiceUse();
  use.add([]);
  use.add([sample("1", "app", [100, 1]), sample("3", "db", [300, 0])]);
  use.add([sample("1", "app", [90, 2]), sample("2", "app", [80, 0.5])]);
  use.add([sample("2", "app", [120, 1.5])]);
  assert.deepEqual(use.report(new Map([["app", 7]])), [
    { service: "db", peakMemoryBytes: 300, cpuSeconds: 0, diskBytes: null },
    { service: "app", peakMemoryBytes: 170, cpuSeconds: 3.5, diskBytes: 7 },
  ]);
});

Deno.test("what a container did before is not counted again", () => {
  const use = new ServiceUse();
  use.add([sample("1", "app", [100, 40])]);
  use.add([sample("1", "app", [100, 41.25])]);
  assert.equal(use.report(new Map())[0]?.cpuSeconds, 1.25);
});

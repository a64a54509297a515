import assert from "node:assert/strict";
import { ServiceUse } from "./service_use.ts";

const started = { worked: false };
const sample = (id: string, [service, memoryBytes, cpuSeconds]: [string, number, number]) => ({
  id,
  service,
  memoryBytes,
  heldBytes: memoryBytes / 2,
  cpuSeconds,
});

Deno.test("the peak is over all containers that a service has at one time", () => {
  const use = new ServiceUse();
  use.add(sample("1", ["app", 100, 1]), started);
  use.add(sample("3", ["db", 300, 0]), started);
  use.add(sample("2", ["app", 80, 0.5]), started);
  use.add(sample("1", ["app", 90, 2]), started);
  assert.deepEqual(use.severalNow(), ["app"]);
  use.end("1");
  assert.deepEqual(use.severalNow(), []);
  assert.equal(use.heldNow(), 190);
  use.add(sample("2", ["app", 120, 1.5]), started);
  assert.deepEqual(use.report(new Map([["app", 7]])), [
    { service: "db", peakMemoryBytes: 300, cpuSeconds: 0, diskBytes: null },
    { service: "app", peakMemoryBytes: 180, cpuSeconds: 3.5, diskBytes: 7 },
  ]);
});

Deno.test("what a container did before is not counted again", () => {
  const use = new ServiceUse();
  use.add(sample("1", ["app", 100, 40]), { worked: true });
  use.add(sample("1", ["app", 100, 41.25]), { worked: true });
  assert.equal(use.report(new Map())[0]?.cpuSeconds, 1.25);
});

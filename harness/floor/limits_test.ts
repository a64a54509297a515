import assert from "node:assert/strict";
import { appLimits, forgetLimits, tellRuntime } from "./limits.ts";
import { readLimits } from "./runtime.ts";

const machine = { memoryBytes: 8e9, processors: 4 };
const host = { RUN_MEMORY: undefined, RUN_DISK: 10_000 };

Deno.test("an app gets what its enrolment asks for, up to what the host gives", () => {
  const usual = appLimits({}, host, machine);
  assert.deepEqual(usual, { memoryBytes: 2e9, diskBytes: 5e9, processes: 1024, cpus: 3.6 });
  const more = appLimits({ memory: 4000, disk: 9000 }, host, machine);
  assert.deepEqual([more.memoryBytes, more.diskBytes], [4e9, 9e9]);
  const small = appLimits({}, { RUN_MEMORY: 500, RUN_DISK: 100 }, machine);
  assert.deepEqual([small.memoryBytes, small.diskBytes], [500e6, 100e6]);
});

Deno.test("an app that needs more than the host gives is not tried, and that is the host's matter", () => {
  assert.throws(() => appLimits({ memory: 4001 }, host, machine), {
    code: "stage.infra",
    message: "This host gives an app 4000 MB of memory, and it needs 4001",
  });
  assert.throws(() => appLimits({ disk: 200 }, { ...host, RUN_DISK: 100 }, machine), /100 MB of disk/);
});

Deno.test("the runtime reads what it is told, until that is forgotten", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await tellRuntime("cust-0a1b2c_ci_localhost", appLimits({}, host, machine), folder);
    const path = `${folder}/cust-0a1b2c_ci_localhost.json`;
    assert.equal(readLimits(await Deno.readTextFile(path)).memoryBytes, 2e9);
    await forgetLimits("cust-0a1b2c_ci_localhost", folder);
    await forgetLimits("cust-0a1b2c_ci_localhost", folder);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

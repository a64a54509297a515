import assert from "node:assert/strict";
import { type FaultOptions, Faults, readFault } from "./faults.ts";

function watched(fault: FaultOptions["fault"]) {
  const names: string[] = [];
  const killed: number[] = [];
  const faults = new Faults({
    fault,
    pids: { keeper: 11, worker: 12 },
    list: (name) => names.push(name),
    kill: (pid) => killed.push(pid),
  });
  return { faults, names, killed };
}

Deno.test("boundaries are told apart by the part of the run they lie in, also where two run side by side", async () => {
  const { faults, names } = watched(null);
  const lane = (name: string) =>
    faults.within(name, async () => {
      faults.pass("begins");
      await Promise.resolve();
      faults.pass("before abra app deploy");
      faults.pass("before abra app deploy");
    });
  faults.pass("planned");
  await Promise.all([lane("install"), lane("upgrade")]);
  assert.deepEqual(names, [
    "planned",
    "install: begins",
    "upgrade: begins",
    "install: before abra app deploy",
    "upgrade: before abra app deploy",
  ]);
});

Deno.test("the process that was named is killed at the boundary that was named, once", () => {
  const { faults, killed } = watched(readFault("keeper:install: begins"));
  faults.pass("begins");
  faults.within("upgrade", () => faults.pass("begins"));
  assert.deepEqual(killed, []);
  faults.within("install", () => faults.pass("begins"));
  faults.within("install", () => faults.pass("begins"));
  assert.deepEqual(killed, [11]);
});

Deno.test("a fault that names no process of a run is refused", () => {
  assert.equal(readFault(undefined), null);
  for (const wrong of ["worker", "harness:install: begins", "install: begins"]) {
    assert.throws(() => readFault(wrong), /does not begin with a process/, wrong);
  }
});

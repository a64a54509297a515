import assert from "node:assert/strict";
import { neededBy, UNITS } from "../../host/units.ts";
import { NAMES, SECRETS, unitsWith } from "./catalogue.ts";

Deno.test("every secret has units that read it, and every one that units read is there", () => {
  const read = Object.values(UNITS.units).flatMap(({ credentials }) => credentials)
    .filter(({ from }) => from === undefined);
  assert.deepEqual([...new Set(read.map(({ name }) => name))].toSorted(), NAMES.toSorted());
  for (const name of NAMES) assert.ok(unitsWith([name]).length > 0, name);
});

Deno.test("a host may do without the secrets without which its units start, and without no other", () => {
  const needed = Object.values(UNITS.units).flatMap(({ credentials }) => credentials)
    .filter(({ optional }) => !optional).map(({ name }) => name);
  for (const name of NAMES) assert.equal(SECRETS[name].optional ?? false, !needed.includes(name), name);
});

Deno.test("a host without Drone needs no secret of Drone's, except the one that the bridge has", () => {
  const units = Object.keys(UNITS.units).filter((unit) => !/drone|runner/.test(unit));
  assert.deepEqual(neededBy(units), [
    ...["bridge_token", "runner_token", "forge_token", "webhook_secret", "drone_token", "restic_password"],
  ]);
  assert.ok(neededBy(Object.keys(UNITS.units)).includes("drone_client_secret"));
});

import assert from "node:assert/strict";
import { systemClock } from "./time.ts";
import { Doorbell } from "./doorbell.ts";

const never = 3_600_000;

Deno.test("Doorbell ends a wait at a ring, before or during it, and at the signal", async () => {
  const stop = new AbortController();
  const options = { clock: systemClock, signal: stop.signal };
  const bell = new Doorbell();
  bell.ring();
  await bell.wait(never, options);
  const waiting = bell.wait(never, options);
  bell.ring();
  await waiting;
  const last = bell.wait(never, options);
  stop.abort();
  await last;
  await bell.wait(never, options);
  assert.ok(stop.signal.aborted);
});

Deno.test("Doorbell ends a wait by itself", async () => {
  await new Doorbell().wait(1, { clock: systemClock, signal: new AbortController().signal });
});

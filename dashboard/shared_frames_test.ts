import assert from "node:assert/strict";
import { SharedFrames } from "./shared_frames.ts";

Deno.test("frames are made once for all who ask at a time, and again once they are gone", async () => {
  const shared = new SharedFrames();
  let made = 0;
  const make = () => Promise.resolve([new Uint8Array([++made])]);
  const all = await Promise.all(Array.from({ length: 50 }, () => shared.get("a", make)));
  assert.ok(all.every((frames) => frames === all[0]));
  assert.equal(made, 1);
  for (let at = 0; at < 16; at++) await shared.get(`b${at}`, make);
  await shared.get("a", make);
  assert.equal(made, 18);
});

Deno.test("frames that could not be made are tried anew", async () => {
  const shared = new SharedFrames();
  await assert.rejects(shared.get("a", () => Promise.reject(new Error("no"))), /no/);
  assert.equal((await shared.get("a", () => [new Uint8Array(2)])).length, 1);
});

import assert from "node:assert/strict";
import { once } from "./once.ts";

Deno.test("once() asks a single time, whoever waits for the answer, and again where none came", async () => {
  let asked = 0;
  const ask = once(async () => {
    asked++;
    if (asked === 1) throw new Error("away");
    return await Promise.resolve(asked);
  });
  const first = await Promise.allSettled([ask(), ask()]);
  assert.deepEqual(first.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(asked, 1);
  assert.deepEqual(await Promise.all([ask(), ask()]), [2, 2]);
  assert.equal(await ask(), 2);
});

import assert from "node:assert/strict";
import { inTurn } from "./in_turn.ts";

Deno.test("a call begins when the one before it has ended, and gets its own answer", async () => {
  const said: string[] = [];
  const work = inTurn(async (name: string, other: Promise<unknown>) => {
    said.push(`${name} begins`);
    await other;
    said.push(`${name} ends`);
    if (name === "b") throw new Error("b fails");
    return name;
  });
  const slow = Promise.withResolvers<void>();
  const calls = [work("a", slow.promise), work("b", Promise.resolve()), work("c", Promise.resolve())];
  await Promise.resolve();
  assert.deepEqual(said, ["a begins"]);
  slow.resolve();
  const outcomes = await Promise.allSettled(calls);
  assert.deepEqual(said, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  assert.deepEqual(outcomes.map((one) => one.status === "fulfilled" ? one.value : String(one.reason)), [
    "a",
    "Error: b fails",
    "c",
  ]);
});

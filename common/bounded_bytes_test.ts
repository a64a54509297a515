import assert from "node:assert/strict";
import { FirstBytes, LastBytes } from "./bounded_bytes.ts";

/** A byte as a pipe hands it over: at the beginning of a buffer of 64 KiB. */
const dribble = (sign: string) => new Uint8Array(65_536).fill(sign.charCodeAt(0)).subarray(0, 1);

Deno.test("a stream in pieces of a byte takes no more memory than its bytes", () => {
  const before = Deno.memoryUsage().external;
  const first = new FirstBytes(100_000);
  const last = new LastBytes(100_000);
  for (let count = 0; count < 20_000; count++) {
    first.add(dribble("a"));
    last.add(dribble("b"));
  }
  assert.equal(first.size, 20_000);
  assert.equal(last.text().length, 20_000);
  assert.ok(Deno.memoryUsage().external - before < 400_000_000); // what has not been collected yet
});

Deno.test("of a long stream the beginning is kept, or the end", () => {
  const first = new FirstBytes(10);
  const last = new LastBytes(10);
  for (const piece of ["abc", "", "defgh", "ijklmnop", "qrstuvwxyz0123456789"]) {
    first.add(new TextEncoder().encode(piece));
    last.add(new TextEncoder().encode(piece));
  }
  assert.deepEqual([first.text(), first.overflowed], ["abcdefghij", true]);
  assert.deepEqual([last.text(), last.overflowed], ["0123456789", true]);
  const whole = new LastBytes(6);
  for (const piece of ["abc", "def"]) whole.add(new TextEncoder().encode(piece));
  assert.deepEqual([whole.text(), whole.overflowed], ["abcdef", false]);
  const exact = new FirstBytes(3);
  assert.deepEqual([exact.add(new TextEncoder().encode("abc")), exact.overflowed], [true, false]);
  assert.equal(exact.add(new TextEncoder().encode("d")), false);
});

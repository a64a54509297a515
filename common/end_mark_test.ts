import assert from "node:assert/strict";
import fc from "fast-check";
import { EndMark } from "./end_mark.ts";

const encoder = new TextEncoder();
const id = "6f1c";

/** Feeds text in pieces. */
function read(text: string, pieces: readonly number[]) {
  const bytes = encoder.encode(text);
  const taken: number[] = [];
  const mark = new EndMark({ id, take: (chunk) => void taken.push(...chunk), found: () => {} });
  let at = 0;
  for (const length of [...pieces, bytes.length]) {
    mark.write(bytes.slice(at, at + length));
    at += length;
  }
  mark.close();
  return { code: mark.code, text: new TextDecoder().decode(new Uint8Array(taken)) };
}

Deno.test("an end mark is found and kept back, however the output is cut into pieces", () => {
  const piece = fc.constantFrom("a", "\0", `\0${id}`, `\0${id} `, `\0${id} x\0`, "\n", "é", " ");
  fc.assert(fc.property(
    fc.array(piece).map((all) => all.join("")),
    fc.integer({ min: 0, max: 255 }),
    fc.array(piece).map((all) => all.join("")),
    fc.array(fc.nat({ max: 5 })),
    (before, code, after, pieces) => {
      // A beginning of a mark right before the mark is what no program can print, as it does not know the mark.
      fc.pre(!before.includes(id) && !after.includes(id));
      assert.deepEqual(read(`${before}\0${id} ${code}\0${after}`, pieces), { code, text: before + after });
    },
  ));
});

Deno.test("output without an end mark is handed on whole, and has no code", () => {
  for (const text of ["", "a", "a\0", `\0${id}`, `\0${id} 12`, `\0${id} 12345\0`, `\0${id} x\0 b`]) {
    assert.deepEqual(read(text, [1, 2, 3]), { code: null, text });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { oneLine, plainLine, plainText, plainWords } from "./plain_text.ts";

/** What must never get through, by number: not by the properties that the code goes by. */
const forbidden: [what: string, from: number, to: number][] = [
  ["C0 before tab", 0x00, 0x08],
  ["C0 after line feed", 0x0b, 0x1f],
  ["DEL and C1", 0x7f, 0x9f],
  ["soft hyphen", 0xad, 0xad],
  ["combining grapheme joiner", 0x34f, 0x34f],
  ["Arabic letter mark", 0x61c, 0x61c],
  ["Hangul fillers", 0x115f, 0x1160],
  ["Mongolian selectors", 0x180b, 0x180f],
  ["zero width and marks of direction", 0x200b, 0x200f],
  ["separators, embeddings and overrides", 0x2028, 0x202e],
  ["invisible operators and isolates", 0x2060, 0x206f],
  ["Hangul filler", 0x3164, 0x3164],
  ["halves of surrogate pairs", 0xd800, 0xdfff],
  ["noncharacters", 0xfdd0, 0xfdef],
  ["variation selectors", 0xfe00, 0xfe0f],
  ["byte order mark", 0xfeff, 0xfeff],
  ["halfwidth filler", 0xffa0, 0xffa0],
  ["interlinear annotations", 0xfff9, 0xfffb],
  ["noncharacters at the end of a plane", 0xfffe, 0xffff],
  ["tags", 0xe0000, 0xe007f],
  ["further variation selectors", 0xe0100, 0xe01ef],
];

function holdsForbidden(text: string): boolean {
  const withoutEmoji = text.replace(
    /\p{ExtPict}\p{EMod}?\ufe0f?(?:\u200d\p{ExtPict}\p{EMod}?\ufe0f?)*/gv,
    "",
  );
  return [...withoutEmoji].some((char) => {
    const code = char.codePointAt(0) ?? 0;
    return forbidden.some(([, from, to]) => code >= from && code <= to);
  });
}

for (const [what, from, to] of forbidden) {
  Deno.test(`nothing is left of any of ${what}`, () => {
    for (let code = from; code <= to; code++) {
      const char = code >= 0xd800 && code <= 0xdfff ? String.fromCharCode(code) : String.fromCodePoint(code);
      const left = plainText(`a${char}é`);
      assert.match(left, /^a[\n\ufffd]?é$/, `U+${code.toString(16)}`);
      assert.match(oneLine(`a${char}é`), /^a[ \ufffd]?é$/, `U+${code.toString(16)}`);
    }
  });
}

const anything = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      "\u001b[31m",
      "\u001b]8;;x\u0007",
      "\u009b2J",
      "\u001b(B",
      "\u001b",
      "\ud800",
      "\r",
      "\u2028",
    ),
    fc.constantFrom(...forbidden.map(([, from]) => String.fromCodePoint(from))),
  ),
});

Deno.test("whatever comes in, only visible characters come out, and a second cleaning finds nothing", () => {
  fc.assert(fc.property(anything, (text) => {
    const plain = plainText(text);
    assert.ok(!holdsForbidden(plain));
    assert.equal(plainText(plain), plain);
    const line = oneLine(text);
    assert.ok(!holdsForbidden(line) && !/[\n\t]/.test(line));
    assert.equal(oneLine(line), line);
  }));
});

Deno.test("halves of surrogate pairs that a hidden character parts form no new one", () => {
  assert.equal(plainText("A\udb40\u200b\udc41B"), "A\ufffd\ufffdB");
  const halves = ["\udb40", "\ud83d", "\ud800", "\udbff", "\udc41", "\udca9", "\udc00", "\udfff"];
  const parting = forbidden.map(([, from]) => String.fromCodePoint(from));
  const unit = fc.constantFrom(...halves, ...parting, "\u001b[31m", "\u200d", "\ufe0f", "\u2764", "A");
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const plain = plainText(text);
      assert.ok(plain.isWellFormed() && !holdsForbidden(plain));
      assert.equal(plainText(plain), plain);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("text without such characters stays as it is", () => {
  const visible = fc.string({ unit: "grapheme" }).filter((text) => !holdsForbidden(text));
  fc.assert(fc.property(visible, (text) => assert.equal(plainText(text), text)));
  for (const text of ["", "a\tb\n  c", "Grüße, 日本語, עברית, العربية, 😀 👩‍💻 👩🏽‍🚒 ❤️ ⚠️ ☑️", "5 % | <b> `x`"]) {
    assert.equal(plainText(text), text);
  }
});

Deno.test("sequences of a terminal go whole, and one that is not closed takes nothing along", () => {
  assert.equal(plainText("\u001b[1;31mred\u001b[0m \u001b[2Jtext"), "red text");
  assert.equal(plainText("\u009b31mred\u009b0m"), "red");
  assert.equal(plainText("a\u001b]8;;https://evil\u0007click\u001b]8;;\u001b\\ b"), "aclick b");
  assert.equal(plainText("seen \u001b]0;title\nnext line\u0007 end"), "seen ]0;title\nnext line end");
  assert.equal(plainText("a\u001b\u001b[0m[31mb"), "a[31mb", "what is left over forms no new sequence");
});

Deno.test("line breaks of every kind are line breaks, or blanks where one line is asked for", () => {
  assert.equal(plainText("a\r\nb\rc\u0085d\u2028e\u2029f"), "a\nb\nc\nd\ne\nf");
  assert.equal(plainLine("  a\n\tb  c\u2028d"), "  a \tb  c d");
  assert.equal(oneLine("  a\r\n\t b\u2028c  "), "a b c");
});

Deno.test("words lose what controls a line, at any depth; line breaks, tabs and other values stay", () => {
  const said = {
    a: [`x\u202eevil\x1b[31m\x07\u2066\u061c\u200fy`, 3, null, { k: "1\n2\t3" }],
    b: true,
    "": "👩‍💻 שלום",
  };
  assert.deepEqual(plainWords(said), { a: ["xevily", 3, null, { k: "1\n2\t3" }], b: true, "": "👩‍💻 שלום" });
});

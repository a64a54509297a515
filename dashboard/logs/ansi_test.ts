import assert from "node:assert/strict";
import fc from "fast-check";
import { lineToHtml } from "./ansi.ts";

Deno.test("lineToHtml() turns colours into classes, never into styles", () => {
  assert.equal(lineToHtml("\x1b[31mred\x1b[0m plain"), '<span class="ansi-red-fg">red</span> plain');
  assert.equal(lineToHtml("\x1b[1;4;32mx"), '<span class="ansi-bold ansi-underline ansi-green-fg">x</span>');
  assert.equal(lineToHtml("\x1b[1mx"), '<span class="ansi-bold">x</span>');
});

Deno.test("lineToHtml() brings extended colours down to the sixteen with a class", () => {
  assert.equal(lineToHtml("\x1b[38;5;196mx"), '<span class="ansi-bright-red-fg">x</span>');
  assert.equal(lineToHtml("\x1b[38;2;10;140;30mx"), '<span class="ansi-green-fg">x</span>');
  assert.equal(lineToHtml("\x1b[48;5;240mx"), '<span class="ansi-bright-black-bg">x</span>');
});

Deno.test("no line can hide text, make links or move the cursor", () => {
  assert.equal(lineToHtml("a\x1b]8;;https://evil\x07click\x1b]8;;\x07 b"), "aclick b");
  assert.equal(lineToHtml("seen \x1b]8;;http tail"), "seen ]8;;http tail");
  assert.equal(lineToHtml("a\x1b[2K\x1b[1Ab\x1b["), "ab[");
  assert.equal(lineToHtml("\u202eevil"), "evil");
});

Deno.test("whatever a line holds, its HTML has no tags but the converter's spans with classes", () => {
  const nasty = fc.constantFrom(
    "\x1b[",
    "1m",
    "38;5;",
    ";",
    "m",
    "<b",
    ">",
    '"',
    "'",
    " style=",
    "class=",
    "&",
    "\x1b]8;;",
    "a",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: "binary" })), { maxLength: 30 }), (parts) => {
      const html = lineToHtml(parts.join(""));
      const rest = html.replace(/<span class="[a-z -]+">|<\/span>|&(amp|lt|gt|quot|#x27);/g, "");
      assert.doesNotMatch(rest, /[<>"'&]/);
    }),
    { numRuns: 150 },
  );
});

import assert from "node:assert/strict";
import { plainLines, Redactor } from "./redact.ts";

Deno.test("a secret is taken out of every string, however it is written", () => {
  const redactor = new Redactor();
  redactor.add('p@ss"word');
  const seen = redactor.value({
    log: 'login p@ss"word ok',
    list: ["http://u:p%40ss%22word@h/", { deep: JSON.stringify({ x: 'p@ss"word' }) }],
    basic: btoa('p@ss"word'),
    count: 3,
    nothing: null,
  });
  assert.deepEqual(seen, {
    log: "login ••• ok",
    list: ["http://u:•••@h/", { deep: '{"x":"•••"}' }],
    basic: "•••",
    count: 3,
    nothing: null,
  });
});

Deno.test("a secret that holds another is taken out whole", () => {
  const redactor = new Redactor();
  redactor.add("abcdef");
  redactor.add("abcdefghij");
  assert.equal(redactor.text("x abcdefghij abcdef y"), "x ••• ••• y");
});

Deno.test("each line of a key counts, and short words do not", () => {
  const redactor = new Redactor();
  redactor.add("-----BEGIN\nMIIEvQIBADAN\nab\n-----END");
  redactor.add("admin");
  assert.equal(redactor.text("got MIIEvQIBADAN for admin in ab"), "got ••• for admin in ab");
});

Deno.test("terminal output becomes plain lines", () => {
  assert.deepEqual(plainLines("\n\x1b[31mFATA\x1b[0m no\r\n 10%\r 90%\r\n\n"), ["FATA no", " 90%"]);
});

Deno.test("hexadecimal, HTML and Base64 at any place of a longer text hide no secret", () => {
  const redactor = new Redactor();
  const secret = 'p@ss<w?rd>"12~~1';
  redactor.add(secret);
  const hex = Array.from(new TextEncoder().encode(secret), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const html = "p@ss&lt;w?rd&gt;&quot;12~~1";
  const hidden = [hex, hex.toUpperCase(), html];
  for (const before of ["", "u", "us", "usr", "user"]) {
    for (const after of ["", "!", "!!", "!!!"]) hidden.push(btoa(`${before}${secret}${after}`));
  }
  hidden.push(...hidden.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")));
  for (const text of hidden) assert.match(redactor.text(`saw ${text} there`), /•••/, text);
});

for (const [what, parting] of [["a zero-width space", "\u200b"], ["NUL", "\0"], ["a colour", "\x1b[31m"]]) {
  Deno.test(`a secret that ${what} parts is taken out, whoever cleans the text first`, () => {
    const redactor = new Redactor();
    redactor.add("hunter2hunter2");
    const parted = `is hunter2${parting}hunter2`;
    assert.equal(redactor.text(parted), "is •••");
    assert.deepEqual(plainLines(redactor.text(parted)), ["is •••"]);
    assert.deepEqual(redactor.value({ lines: plainLines(parted) }), { lines: ["is •••"] });
  });
}

Deno.test("a secret that cleaning changes is taken out of cleaned text as well", () => {
  const redactor = new Redactor();
  redactor.add("hunter2\u200bhunter2  ");
  assert.equal(redactor.text("is hunter2\u200bhunter2  !"), "is •••!");
  assert.deepEqual(plainLines("is hunter2\u200bhunter2  ").map((line) => redactor.text(line)), ["is •••"]);
});

Deno.test("a colour at the end of an overwritten line does not take the line's text along", () => {
  assert.deepEqual(plainLines("10%\rdone\r\x1b[K\n\x1b]0;title\x07next"), ["done", "next"]);
});

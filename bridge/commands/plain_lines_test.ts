import assert from "node:assert/strict";
import { fromMarkdown, type Options } from "mdast-util-from-markdown";
import { parseCommand } from "./command.ts";
import { bounds, plainLines } from "./plain_lines.ts";

/** What the parser is given for a comment, and what is found in it. */
function watched(body: string) {
  const given: { text: string; blocksOnly: boolean }[] = [];
  const parse = (text: string, options?: Options) => {
    given.push({ text, blocksOnly: options !== undefined });
    return fromMarkdown(text, options);
  };
  const lines = plainLines(body, { isSought: (line) => /^!t/.test(line), parse });
  return { given, lines };
}

const long = 16_000;
const filled = (piece: string) => piece.repeat(long / piece.length);

/** Texts for which the parser, given all of it, needs seconds or more. */
const costly: Record<string, string> = {
  quotes: filled(">"),
  "quotes with spaces": filled("> "),
  "bulleted lists": filled("+ "),
  "numbered lists": filled("1. "),
  "lists in quotes": filled("> - "),
  "quotes in lists": filled("- > "),
  headings: filled("a\n=\n"),
  paragraphs: filled("w\n\n"),
};
for (const [what, text] of Object.entries(costly)) {
  Deno.test(`plainLines() does not give a comment to the parser that is full of ${what}`, () => {
    assert.deepEqual(watched(`${text}\n\n!test`), { given: [], lines: [] });
  });
}

Deno.test("plainLines() looks into few paragraphs, and into none without a line that is sought", () => {
  for (const mark of ["*_", "**a*", "*[a](b)", "[", "a`", "<a ", "!["]) {
    const { given, lines } = watched(`${filled(mark)}\n\n!test`);
    assert.deepEqual(given.map(({ blocksOnly }) => blocksOnly), [true, false], mark);
    assert.equal(given[1]?.text.trim(), "!test");
    assert.deepEqual(lines, ["!test"], mark);
    const within = watched(`${filled(mark)}\n!test\n${mark}`.slice(-long));
    assert.deepEqual(within.given.map(({ blocksOnly }) => blocksOnly), [true], "too long to look into");
  }
  const { given } = watched(`*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_*_\n!test\n\n`.repeat(300));
  const inline = given.filter(({ blocksOnly }) => !blocksOnly).map(({ text }) => text.length);
  assert.ok(inline.length > 10 && inline.reduce((sum, length) => sum + length) <= bounds.inline);
});

Deno.test("plainLines() reads what people write along with a command, logs and tables as well", () => {
  const log = "```\n" + "2026-01-01 app_1 | *some* __thing__ [went] `wrong` <here> > there\n".repeat(150) +
    "```\n";
  const table = "| a | b |\n|---|---|\n" + "| - | > |\n".repeat(100);
  const nested = "> > > he said\n\n- one\n  - two\n    1. three\n";
  assert.deepEqual(watched(`${log}\n${table}\n${nested}\nPlease:\n!test\n`).lines, ["!test"]);
});

Deno.test("a command in brackets that a definition makes a link is none", () => {
  assert.equal(
    parseCommand("[see\n!testme\nthere]\n\n[see !testme there]: https://example.org")?.kind,
    "unclear",
  );
  assert.deepEqual(parseCommand("[see\n!testme\nthere]"), { kind: "test", commit: null });
});

Deno.test("tags that are never closed count as before, and cost no more than their length", () => {
  assert.deepEqual(parseCommand(`<div>${"<a".repeat(5_000)}\n\n!testme`), null);
  assert.deepEqual(parseCommand(`<!-- x -->${"<!--".repeat(2)}\n-->\n\n!testme`), {
    kind: "test",
    commit: null,
  });
});

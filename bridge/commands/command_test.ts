import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCommand } from "./command.ts";

const test = { kind: "test", commit: null } as const;

const triggers: [string, string][] = [
  ["alone", "!testme"],
  ["untrimmed, as the forge stores it", "  !testme  \n"],
  ["CRLF", "Looks good.\r\n!testme\r\n"],
  ["a line within a paragraph", "Looks good\n!testme\nthanks"],
  ["after a hard break", "Looks good  \n!testme"],
  ["after a closed fence", "```\nx\n```\n!testme"],
  ["after a closed HTML element", "<details><summary>s</summary>x</details>\n\n!testme"],
];
for (const [what, body] of triggers) {
  Deno.test(`parseCommand() finds the command: ${what}`, () => assert.deepEqual(parseCommand(body), test));
}

const silent: [string, string][] = [
  ["in a quote", "> !testme"],
  ["in a list", "- !testme"],
  ["in a heading", "# !testme"],
  ["in a fence", "```\n!testme\n```"],
  ["in an unclosed fence", "```\n!testme"],
  ["in indented code", "    !testme"],
  ["as link text", "[!testme](https://example.org)"],
  ["in an HTML comment", "<!-- !testme -->"],
  ["in an HTML comment over paragraphs", "<!--\n\n!testme\n\n-->"],
  ["in pre", "<pre>\n\n!testme\n\n</pre>"],
  ["folded away", "<details>\n\n!testme\n\n</details>"],
  ["in a sentence", "I have seen that !testme works"],
  ["in a sentence as code", "Use `!testme` to start the tests"],
  ["in a sentence at its end", "nobody has written !testme"],
  ["in a sentence about testing", "please test me before you merge"],
  ["in a quote that goes on", "> he said\n> `!testme`\nand went"],
  ["in a table", "| a |\n|---|\n| `!testme` |"],
  ["escaped", "\\!testme"],
  ["as a character reference", "&#33;testme"],
  ["empty", ""],
  ["in a document of 60 kB", `${"lorem ipsum\n".repeat(5000)}\n!testme\n`],
];
for (const [what, body] of silent) {
  Deno.test(`parseCommand() does not take a command ${what}`, () => assert.equal(parseCommand(body), null));
}

Deno.test("parseCommand() reads arguments", () => {
  assert.deepEqual(parseCommand("!testme 3fa9c1b"), { kind: "test", commit: "3fa9c1b" });
  assert.deepEqual(parseCommand("!testme cancel"), { kind: "cancel" });
  assert.deepEqual(parseCommand("!testme help"), { kind: "help" });
});

Deno.test("parseCommand() tells a commit that is too short from what is none", () => {
  for (const commit of ["abc", "3fa9c1", "7"]) {
    assert.deepEqual(parseCommand(`!testme ${commit}`), { kind: "too-short", commit });
  }
  assert.deepEqual(parseCommand("!testme xyz"), { kind: "unclear", line: "!testme xyz" });
});

Deno.test("parseCommand() lets the first command win", () => {
  assert.deepEqual(parseCommand("!testme cancel\n\n!testme"), { kind: "cancel" });
  assert.deepEqual(parseCommand("!tesme\n\n!testme"), test);
});

for (
  const line of [
    "!tesme",
    "!testme please",
    "!TestMe",
    "/testme",
    "!test me",
    "!testme 3FA9C1B",
    "please !testme",
    "Please, !testme!",
    "@cc-ci-bot !testme",
    "`!testme`",
    "``!testme``",
    "`!testme cancel`",
    "**!testme**",
    "\u00a0!testme",
    "\u200b!testme",
    "!testme\u00a0",
    "!test\u200bme",
    "\uff01testme",
    "! testme",
    "!testme.",
    "! test me",
    "/ testme",
    "testme",
    "!testme-cancel",
    "\uff01\uff54\uff45\uff53\uff54\uff4d\uff45",
    "\u3000!testme",
    "\u2066!testme\u2069",
    "\u202e!testme",
    "\ufe0f!testme",
    "\u{e0020}!testme",
    "&nbsp;!testme",
    "¡testme",
    "❗testme",
    "'!testme'",
    "«!testme»",
    "「!testme」",
    "(!testme)",
    "_!testme_",
    "~~!testme~~",
    "<b>!testme</b>",
    "!testme<br>",
    "🙏 !testme",
    "— !testme",
    "LGTM !testme",
    "I fixed it, !testme",
    "s'il vous plaît !testme",
  ]
) {
  Deno.test(`parseCommand() takes "${line}" for a near miss`, () => {
    assert.deepEqual(parseCommand(line), { kind: "unclear", line });
  });
}

for (
  const [where, body] of [
    ["after a quote without a blank line", "> he said\n!testme"],
    ["after a longer quote", "On Monday he wrote:\n> one\n> two\n!testme\n\nThanks"],
    ["above a signature", "!testme\n-- \nThe Maintainer"],
    ["above a line of dashes", "Looks good\n\n!testme\n---\nThe Maintainer"],
    ["above a line of equal signs", "!testme\n==="],
    ["in code, below other text", "Looks good.\n\n`!testme`"],
  ] as const
) {
  Deno.test(`parseCommand() takes a command ${where} for a near miss`, () => {
    assert.equal(parseCommand(body)?.kind, "unclear");
  });
}

for (
  const line of [
    "!merge",
    "!important: read the docs",
    "/cc somebody",
    "! testing",
    "!testme and then we should talk",
    "[!testme](x)",
    "we use !testme",
    "this testme",
  ]
) {
  Deno.test(`parseCommand() leaves "${line}" alone`, () => assert.equal(parseCommand(line), null));
}

const words = fc.stringMatching(/^[A-Za-z ,.]{1,40}$/).filter((text) => text.trim() !== "");

Deno.test("parseCommand() never finds a command in a quote, a list or a fence, whatever stands around it", () => {
  const wrapped = fc.tuple(words, fc.constantFrom("> ", "- ", "1. ", "# ", "    "), words).map(
    ([before, prefix, after]) => `${before}\n\n${prefix}!testme\n\n${after}`,
  );
  fc.assert(fc.property(wrapped, (body) => assert.equal(parseCommand(body), null)));
  const fenced = fc.array(words).map((lines) => `~~~\n${lines.join("\n")}\n!testme\n~~~`);
  fc.assert(fc.property(fenced, (body) => assert.equal(parseCommand(body), null)));
});

Deno.test("parseCommand() finds a command on a line of its own between any paragraphs", () => {
  fc.assert(fc.property(words, words, (before, after) => {
    assert.deepEqual(parseCommand(`${before}\n\n!testme\n\n${after}`), test);
  }));
});

Deno.test("parseCommand() finds nothing that is not written in the body, and never throws", () => {
  const piece = fc.constantFrom(
    "!testme",
    "\n",
    "\n\n",
    "> ",
    "`",
    "```\n",
    "<!--",
    "-->",
    "<b>",
    "\\",
    " ",
    "[",
    "](x)",
    "*",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
      const body = pieces.join("");
      const command = parseCommand(body);
      if (command?.kind === "test" && command.commit === null) {
        assert.ok(body.split(/\r?\n|\r/).some((line) => line.trim() === "!testme"), body);
      }
    }),
    { numRuns: 500 },
  );
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { codeSpan, escapeMarkdown, foldedFindings, foldedLog, stageTable } from "./markdown.ts";
import { markup } from "../../harness/report/markup.ts";
import {
  sampleFailure,
  sampleResult,
  sampleRich,
  sampleStage,
} from "../../protocol/testing/sample_result.ts";
import { oneLine } from "../../common/plain_text.ts";
import { truncate } from "../../wording/text.ts";

/** Characters and words that mean something to Markdown, HTML or a forge, mixed with any others. */
const tricky = fc.array(
  fc.oneof(
    fc.constantFrom(..."\\`*_[]()<>&|~#+-=!$^{}:@/.\"' \n\t1".split("")),
    fc.constantFrom("<b>", "<!--", "-->", "&amp;", "&#64;", "```", "[x](y)", "![x](y)", "1. ", "- ", "> "),
    fc.constantFrom(
      "@admin",
      "#12",
      "!7",
      "https://evil.org",
      "www.evil.org",
      ":tada:",
      "</details>",
      "\u001b[31m",
    ),
    fc.string({ maxLength: 4 }),
  ),
  { maxLength: 12 },
).map((parts) => parts.join(""));

Deno.test("escaped text is shown as it was, and nothing else", () => {
  fc.assert(
    fc.property(tricky, (text) => {
      const shown = truncate(oneLine(text), 400);
      const tree = fromMarkdown(escapeMarkdown(text));
      if (shown === "") return assert.deepEqual(tree.children, []);
      assert.deepEqual(tree.children.map((node) => node.type), ["paragraph"]);
      const [paragraph] = tree.children;
      assert.ok(paragraph?.type === "paragraph");
      const value = paragraph.children.map((node) => {
        assert.equal(node.type, "text", `${node.type} in ${escapeMarkdown(text)}`);
        return node.type === "text" ? node.value : "";
      }).join("");
      assert.equal(value.replaceAll("\u2060", ""), shown);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("escaped text mentions nobody, refers to nothing and links nowhere", () => {
  fc.assert(fc.property(tricky, (text) => {
    const escaped = escapeMarkdown(text);
    assert.doesNotMatch(escaped, /@\w/);
    assert.doesNotMatch(escaped, /[#!]\d/);
    assert.doesNotMatch(escaped, /:\/\/|www\.|:\w+:/i);
    assert.ok(!["<", ">", "\n", "\u001b"].some((char) => escaped.includes(char)), escaped);
  }));
});

Deno.test("a table keeps its four columns and its rows whatever the texts hold", () => {
  fc.assert(fc.property(tricky, (text) => {
    const table = stageTable([
      sampleStage({ name: "install", proofs: [text] }),
      sampleStage({ name: "upgrade", result: "failed", cause: text }),
    ]);
    const rows = table.split("\n");
    assert.equal(rows.length, 4);
    for (const row of rows) {
      assert.equal(row.replace(/\\\\/g, "").replace(/\\\|/g, "").split("|").length, 6, row);
    }
  }));
});

Deno.test("a code span holds its text, whatever backticks are in it", () => {
  fc.assert(fc.property(tricky, (text) => {
    const shown = truncate(oneLine(text), 400);
    if (shown === "") return;
    const [paragraph] = fromMarkdown(codeSpan(text)).children;
    assert.ok(paragraph?.type === "paragraph");
    assert.equal(paragraph.children.length, 1);
    const [code] = paragraph.children;
    assert.ok(code?.type === "inlineCode");
    assert.equal(code.value, shown);
  }));
  assert.equal(codeSpan("a|b", { inTable: true }), "`a\\|b`");
});

Deno.test("a folded log cannot be left from within", () => {
  fc.assert(fc.property(fc.array(tricky, { maxLength: 5 }), (lines) => {
    const tree = fromMarkdown(foldedLog("Last lines", lines));
    assert.deepEqual(tree.children.map((node) => node.type), ["html", "code", "html"]);
  }));
  assert.match(foldedLog("<b> of @admin", []), /<summary>&lt;b&gt; of @\u2060admin<\/summary>/);
});

Deno.test("a folded log keeps the last lines", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const folded = foldedLog("Log", lines);
  assert.ok(folded.includes("line 99\n") && folded.includes("line 40\n") && !folded.includes("line 39\n"));
});

Deno.test("the table of a failed run", () => {
  const stages = [
    ...sampleFailure().stages.slice(2, 4),
    sampleStage({ name: "backup", result: "skipped", reason: "no backup labels" }),
    sampleStage({ name: "restore", result: "blocked", reason: "backup" }),
  ];
  assert.equal(
    stageTable(stages),
    `| | stage | | time |
|---|---|---|--:|
| ✅ | install | answers at /healthcheck, page opened, 3 tests | 21 s |
| ❌ | upgrade | data written before the upgrade is gone | 26 s |
| – | backup | skipped: no backup labels |  |
| ⛔ | restore | blocked by backup |  |`,
  );
});

Deno.test("the table of a run on its way", () => {
  const install = sampleStage({ name: "install", seconds: 21 });
  assert.equal(
    stageTable([
      { name: "install", running: false, report: install },
      { name: "tests", running: true, report: null },
      { name: "upgrade", running: false, report: null },
    ]),
    `| | stage | | time |
|---|---|---|--:|
| ✅ | install |  | 21 s |
| ⏳ | tests | | |
| · | upgrade | | |`,
  );
});

Deno.test("findings are folded under their counts, and bounded", () => {
  assert.equal(foldedFindings(sampleResult()), null);
  assert.match(
    foldedFindings(sampleRich()) ?? "",
    /^<details><summary>2 lint warnings, 1 blemish<\/summary>\n\n- /,
  );
  const blemishes = Array.from({ length: 40 }, (_, index) => `problem ${index}`);
  const many = foldedFindings(sampleResult({ stages: [sampleStage({ name: "install", blemishes })] })) ?? "";
  assert.equal(many.match(/^- install: /gm)?.length, 15);
  assert.match(many, /^- and 25 more/m);
});

Deno.test("nothing in a comment or a report can turn the order of the text beside it around", () => {
  const turning = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
  assert.equal(escapeMarkdown(`a${turning}b`), "ab");
  assert.equal(codeSpan(`a${turning}b`), "`ab`");
  assert.equal(foldedLog("log", [`a${turning}b`]).split("\n")[3], "ab");
  assert.equal(markup`<p>${`a${turning}b`}</p>`.text, "<p>ab</p>");
});

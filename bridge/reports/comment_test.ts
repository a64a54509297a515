import assert from "node:assert/strict";
import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import type { RunView } from "../../protocol/dashboard_api.ts";
import type { RunOutcome } from "../../protocol/result.ts";
import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { parseCommand } from "../commands/command.ts";
import { base, comments, ended, passed } from "../testing/sample_comments.ts";
import { runText } from "./comment.ts";
import { longestBody } from "./comment_parts.ts";

Deno.test("the picture is that of the stage that decided, and none where there is none of it", () => {
  const upgrade = sampleStage({ name: "upgrade", result: "failed", cause: "lost" });
  const restore = sampleStage({ name: "restore", screenshots: ["restore.png"] });
  const { view, ...facts } = ended("failed", [restore, upgrade], { stage: "upgrade" });
  assert.ok(view);
  const picture = (...names: string[]) => {
    const artefacts = names.map((name) => ({ name, bytes: 1, url: `https://ci.example/a/${name}` }));
    return /\[screenshot\]\([^)]*\/([^/)]*)\)/.exec(runText({ ...facts, view: { ...view, artefacts } }))
      ?.[1];
  };
  assert.equal(picture("restore.png", "upgrade.png", "upgrade-before.png"), "upgrade.png");
  assert.equal(
    picture("restore.png", "upgrade-before.png"),
    undefined,
    "neither another stage's nor an older one",
  );
});

Deno.test("a comment gives the time that the run's page gives, and the bridge's own where there is no result", () => {
  const facts = { ...ended("passed", [], { seconds: 34.079 }), tookSeconds: 37 };
  assert.match(runText(facts), / · 34 s/);
  assert.match(runText({ ...facts, view: null }), / · 37 s/);
});

Deno.test("a small picture leads to the whole one where everybody can load it, and nowhere else", () => {
  const { view, ...facts } = passed;
  assert.ok(view);
  const body = (change: Partial<RunView>) => runText({ ...facts, view: { ...view, ...change } });
  const url = "https://ci.example/a/upgrade.png";
  assert.ok(body({}).includes(`[<img src="${url}" alt="The app's page" width="200">](${url})`));
  assert.doesNotMatch(body({ shown: false }), /<img/);
  assert.doesNotMatch(body({ artefacts: [] }), /<img/);
  for (const bad of ["http://ci.localhost/a/upgrade.png", 'https://ci.example/a"onload=x/upgrade.png']) {
    assert.doesNotMatch(body({ artefacts: [{ name: "upgrade.png", bytes: 1, url: bad }] }), /<img/, bad);
  }
});

Deno.test("what we write is never a command itself", () => {
  for (const [name, text] of Object.entries(comments)) assert.equal(parseCommand(text), null, name);
});

type Root = ReturnType<typeof fromMarkdown>;

/** What a forge makes of a text: its HTML, its links and pictures, its plain text. */
function read(markdown: string): { html: string[]; links: string[]; text: string[] } {
  const seen: ReturnType<typeof read> = { html: [], links: [], text: [] };
  function visit(node: Root | Root["children"][number]): void {
    if (node.type === "html") seen.html.push(node.value);
    if (node.type === "text") seen.text.push(node.value);
    if (node.type === "link" || node.type === "image" || node.type === "definition") {
      seen.links.push(node.url);
    }
    if ("children" in node) node.children.forEach(visit);
  }
  visit(fromMarkdown(markdown));
  return seen;
}

const nasty = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.array(
    fc.constantFrom(
      "<!-- cc-ci:abcdefghijkl -->",
      "-->",
      "<script>alert(1)</script>",
      "@maintainer",
      "#1",
      "![x](http://e/x.png)",
      "[a](javascript:x)",
      "```",
      "`",
      "|",
      "\n",
      "\n\n!testme\n\n",
      "</details>",
      "**",
      "\u001b[31m",
      "\u0000",
      "\r",
      "😀".repeat(300),
      "x".repeat(5000),
    ),
    { maxLength: 12 },
  ).map((pieces) => pieces.join("")),
);

Deno.test("nothing from outside becomes a marker, markup, a mention or a command, nor makes the text too long", () => {
  const outcomes = fc.constantFrom<RunOutcome>("passed", "failed", "infra", "cancelled", "timed_out");
  fc.assert(
    fc.property(
      outcomes,
      nasty,
      nasty,
      fc.array(nasty, { maxLength: 40 }),
      (outcome, cause, detail, tail) => {
        const report = sampleStage({
          name: "upgrade",
          result: "failed",
          cause,
          detail,
          tail,
          proofs: [detail],
          reason: cause,
          findings: [{ rule: detail, severity: "error", file: cause, line: 3, message: detail }],
          blemishes: [cause],
        });
        const facts = ended(outcome, [report, sampleStage({ name: "install", proofs: [cause, detail] })], {
          stage: "upgrade",
          cause,
          visual: { before: detail, after: cause, difference: detail, changed: 0.3 },
        });
        const text = runText({ ...facts, cause, cancelledBy: null });
        const seen = read(text);
        for (const html of seen.html) {
          assert.match(html, /^(<details><summary>[^<>]*<\/summary>|<\/details>|<\/?sub>)$/, text);
        }
        for (const url of seen.links) assert.equal(url, base.page, text);
        assert.ok(!seen.text.some((part) => /@\w/.test(part)), text);
        assert.ok(["unclear", undefined].includes(parseCommand(text)?.kind), text);
        assert.ok(new TextEncoder().encode(text).length <= longestBody);
        assert.match(text.split("\n")[0] ?? "", /^(✅|❌|⚠️|⏹️|⌛) \*\*/u);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a verdict says how clean the run was, and shows how the page changed", () => {
  const lint = sampleStage({
    name: "lint",
    findings: [{
      rule: "lint.unset",
      severity: "warning",
      file: "compose.yml",
      line: 3,
      message: "Nothing sets X",
    }],
    blemishes: ["compose.yml, line 3: Nothing sets X [lint.unset]"],
  });
  const install = sampleStage({ name: "install", blemishes: ["Console: boom"] });
  const facts = ended("passed", [lint, install], {
    level: 4,
    visual: { before: "b.png", after: "a.png", difference: "d.png", changed: 0.0421 },
  });
  const artefacts = ["b.png", "a.png", "d.png"].map((name) => ({
    name,
    bytes: 1,
    url: `https://ci.example/${name}`,
  }));
  const text = runText({ ...facts, view: facts.view === null ? null : { ...facts.view, artefacts } });
  assert.match(text, /^✅ .* · level 4 · /);
  assert.ok(text.includes(
    "4.2 % of the page's pixels changed by the upgrade · [before](https://ci.example/b.png) · " +
      "[after](https://ci.example/a.png) · [difference](https://ci.example/d.png)",
  ));
  assert.ok(text.includes(`<details><summary>1 lint warning, 1 blemish</summary>

- ⚠️ compose.yml, line 3: Nothing sets X \`lint.unset\`
- install: Console: boom

</details>`));
});

Deno.test("a text that is too long gives up its longest part and keeps the verdict and the stages", () => {
  const tail = Array.from({ length: 20 }, () => "😀".repeat(300));
  const report = sampleStage({
    name: "upgrade",
    result: "failed",
    cause: "x",
    detail: "😀".repeat(60_000),
    tail,
  });
  const many = Array.from({ length: 200 }, () => report);
  const text = runText(ended("failed", many, { stage: "upgrade", cause: "x" }));
  assert.ok(new TextEncoder().encode(text).length <= longestBody);
  assert.match(text, /^❌/);
});

Deno.test("an address that could break out of its link is left out", () => {
  for (const page of ["javascript:alert(1)", "https://ci.example/a) **x**", "https://ci.example/<b>"]) {
    assert.doesNotMatch(runText({ ...base, page }), /\]\(/);
  }
});

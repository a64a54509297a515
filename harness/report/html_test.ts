import assert from "node:assert/strict";
import type { RunResult, StageReport } from "../../protocol/result.ts";
import { renderReport, type ReportInput } from "./html.ts";
import { escapeHtml, markup, trusted } from "./markup.ts";
import {
  sampleFailure,
  sampleResult,
  sampleRich,
  sampleStage,
} from "../../protocol/testing/sample_result.ts";

const png = new Uint8Array([137, 80, 78, 71]);
const timing = { install: { from: 1, to: 22 }, upgrade: { from: 20, to: 60 } };

function render(result: RunResult, changes: Partial<ReportInput> = {}): string {
  return renderReport({
    result,
    logs: { install: "one\ntwo\n", upgrade: "\u001b[31mred\u001b[0m <b>" },
    screenshots: { "install.png": png },
    timing,
    ...changes,
  });
}

/** Tags of a page without their texts. */
function tags(page: string): string[] {
  return page.match(/<[a-z!/][^>]*>/gi) ?? [];
}

Deno.test("the page of a failed run: verdict first, its cause, the culprit's log open", () => {
  const page = render(sampleFailure());
  const order = [
    "<h1>",
    "</code> of miniflux failed in upgrade",
    "Data written before the upgrade is gone",
    "no longer mounted",
    "Last log lines",
    "<h2>Stages</h2>",
    "<h2>What it looked like</h2>",
    "<h2>Time</h2>",
    "<h2>Logs</h2>",
  ].map((text) => page.indexOf(text));
  assert.ok(order.every((at, index) => at > (order[index - 1] ?? -1)), String(order));
  assert.ok(page.includes('<details id="log-upgrade" open>') && page.includes('<details id="log-install">'));
  assert.ok(page.includes('<li id="install-L2"><a href="#install-L2">2</a><span>two</span></li>'));
  assert.ok(page.includes('<span class="ansi-red-fg">red</span> &lt;b&gt;'));
});

Deno.test("the page of a passed run opens no log and shows its level", () => {
  const page = render(sampleResult());
  assert.doesNotMatch(page, /<details[^>]* open/);
  assert.match(page, /2 <small>upgrades<\/small>/);
  assert.equal(page.match(/class="on"/g)?.length, 2);
});

Deno.test("a run that came to no verdict shows no level", () => {
  assert.doesNotMatch(render(sampleResult({ result: "infra", cause: "no disk" })), /<dt>Level/);
});

Deno.test("what the enrolment changes, and what no run can show, stands on the page", () => {
  const page = render(sampleResult({
    customised: ["memory: 4000"],
    gaps: [{ what: "voice", reason: "no UDP" }],
  }));
  assert.match(page, /<h2>The enrolment sets 1 thing<\/h2>[^]*<li>memory: 4000<\/li>/);
  assert.match(page, /<h2>Not looked at, and not counted<\/h2>[^]*<li>voice: no UDP<\/li>/);
  assert.doesNotMatch(render(sampleResult()), /The enrolment sets/);
});

Deno.test("the page needs nothing else and runs nothing", () => {
  const page = render(sampleFailure());
  assert.match(page, /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;/);
  for (const tag of tags(page)) {
    assert.doesNotMatch(tag, /^<(script|iframe|object|embed|link|form|base)\b/i);
    assert.doesNotMatch(tag, /\bhttps?:|javascript:|\bon[a-z]+=/i);
  }
});

const attack =
  `"'><img src=x onerror=alert(1)><script>alert(2)</script>\u001b]8;;javascript:alert(3)\u0007link\u001b]8;;\u0007\u202e`;

/** The result with every text in it replaced. */
function poisoned(): RunResult {
  const stage = (report: StageReport): StageReport => ({
    ...report,
    cause: attack,
    detail: attack,
    reason: attack,
    proofs: [attack],
    notes: [attack],
    tail: [attack],
    screenshots: [attack],
    blemishes: [attack],
    findings: [{ rule: attack, severity: "error", file: attack, line: 1, message: attack, hint: attack }],
    resources: [{ service: attack, peakMemoryBytes: 1, cpuSeconds: 1, diskBytes: null }],
  });
  return sampleFailure({
    run: attack,
    recipe: attack,
    subject: { kind: "branch", name: attack, src: attack },
    commit: attack,
    base: attack,
    cause: attack,
    notes: [attack],
    leftovers: [attack],
    customised: [attack],
    gaps: [{ what: attack, reason: attack }],
    images: [{ service: attack, image: attack, bytes: 1 }],
    visual: { before: attack, after: attack, difference: attack, changed: 0.5 },
    startedAt: attack,
    versions: { suite: attack, abra: attack, docker: attack, browser: attack },
    stages: sampleFailure().stages.map(stage),
  });
}

Deno.test("whatever a text holds, it stays text", () => {
  const clean = [sampleFailure(), sampleRich()].flatMap((result) =>
    tags(render(result, { logs: {}, screenshots: {} })).map((tag) => tag.split(/[\s>]/)[0])
  );
  const page = render(poisoned(), {
    logs: { install: attack, upgrade: `\u001b[38;2;1;2;3m${attack}\u001b[1;31m${attack}` },
    screenshots: { [attack]: png },
  });
  assert.ok(!page.includes("javascript:alert") || !/href="javascript/.test(page));
  assert.ok(!page.includes("\u202e") && !page.includes("\u001b"));
  const known = new Set([
    ...clean,
    "<img",
    "<figure",
    "</figure",
    "<figcaption",
    "</figcaption",
    "<details",
    "</details",
  ]);
  for (const name of ["<summary", "</summary", "<p", "</p", "<ul", "</ul", "<li", "</li", "<section"]) {
    known.add(name);
  }
  for (const tag of tags(page)) {
    assert.ok(known.has(tag.split(/[\s>]/)[0]), tag);
    assert.doesNotMatch(tag.replace(/"[^"]*"/g, ""), /onerror|src=x|'/, tag);
  }
  for (const [image] of page.matchAll(/<img[^>]*>/g)) {
    assert.match(image, /^<img src="data:image\/png;base64,/);
  }
});

Deno.test("very long logs are cut at the front, with their own numbers", () => {
  const log = Array.from({ length: 6_000 }, (_, index) => `line ${index + 1}`).join("\n");
  const page = render(sampleResult(), { logs: { install: log } });
  assert.match(page, /The first 1000 lines are left out/);
  assert.ok(page.includes('<a href="#install-L1001">1001</a><span>line 1001</span>'));
  assert.ok(!page.includes("line 1000<"));
});

Deno.test("the chart shows what ran at once, and is left out where times are unknown", () => {
  const bars = render(sampleResult()).match(/<rect class="bar tone-good"/g);
  assert.equal(bars?.length, 2);
  for (const times of [{}, { install: { from: 5, to: 1 } }, { install: { from: NaN, to: NaN } }]) {
    assert.doesNotMatch(render(sampleResult(), { timing: times }), /<svg/);
  }
});

Deno.test("a screenshot that is missing is left out", () => {
  assert.equal(render(sampleResult()).match(/<img/g)?.length, 1);
});

Deno.test("a screenshot is called after its stage and what the test called it", () => {
  const stage = sampleStage({ name: "install", screenshots: ["install.png", "install-feeds.png"] });
  const page = render(sampleResult({ stages: [stage] }), {
    screenshots: { "install.png": png, "install-feeds.png": png },
  });
  assert.deepEqual([...page.matchAll(/<figcaption>([^<]*)/g)].map(([, caption]) => caption), [
    "install",
    "install · feeds",
  ]);
});

const texts = (page: string, pattern: RegExp) => [...page.matchAll(pattern)].map(([, text]) => text);

Deno.test("findings and blemishes stand in one table, each once, and the top says how many", () => {
  const page = render(sampleRich());
  assert.deepEqual(texts(page, /<span class="chip">(\w+)</g), ["warning", "warning", "blemish"]);
  assert.match(page, /<p class="place">abra\.sh, line 3<\/p>ENTRYPOINT_VERSION[^<]*<p class="note">Raise it/);
  assert.match(page, /<a href="#findings">2 lint warnings, 1 blemish<\/a>/);
  assert.doesNotMatch(render(sampleResult()), /#findings|Not clean/);
});

Deno.test("the page before and after the upgrade stands side by side, and not once more below", () => {
  const pictures = ["upgrade-before.png", "upgrade.png", "upgrade-difference.png", "install.png"];
  const screenshots = Object.fromEntries(pictures.map((name) => [name, png]));
  const page = render(sampleRich(), { screenshots });
  assert.deepEqual(texts(page, /<figcaption>([^<]*)/g), [
    "Before: 2.1.0+2.2.13",
    "After: 3fa9c1b",
    "Difference, in red",
    "install",
  ]);
  assert.match(page, /4\.2 % of the page&#39;s pixels changed/);
  const { "upgrade-before.png": _, ...incomplete } = screenshots;
  assert.deepEqual(texts(render(sampleRich(), { screenshots: incomplete }), /<figcaption>([^<]*)/g), [
    "install",
    "upgrade",
  ]);
});

Deno.test("what services used is told by stage, with what nobody knows left open", () => {
  const page = render(sampleRich());
  const rows = texts(page, /<tr(?: class="first")?>\n<th>([^<]*)<\/th>\n<td>(?:db|app)/g);
  assert.deepEqual(rows, ["install", "", "backup", "", "restore", "", "upgrade", ""]);
  assert.match(page, /66\.3 MB<\/td>\n<td class="meter"><i style="width:100%">/);
  assert.match(page, /<td class="number">–<\/td>/);
  assert.match(page, /postgres:17-alpine<\/code> <span class="quiet">279 MB/);
});

Deno.test("a stage that failed half-way names what was proved before", () => {
  const stage = sampleStage({
    name: "install",
    result: "failed",
    cause: "no page",
    proofs: ["answers at /"],
  });
  assert.match(
    render(sampleResult({ stages: [stage] })),
    /No page<p class="note">before that: answers at \/<\/p>/,
  );
});

Deno.test("templates escape texts and attributes, and join lists", () => {
  assert.equal(
    markup`<a title="${`"'<&`}">${["<", trusted("<i>"), null, false, 0]}</a>`.text,
    '<a title="&quot;&#39;&lt;&amp;">&lt;<i>0</a>',
  );
  assert.equal(escapeHtml("a"), "a");
});

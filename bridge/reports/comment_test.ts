import assert from "node:assert/strict";
import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import type { RunView } from "../../protocol/dashboard_api.ts";
import type { RunOutcome, StageReport } from "../../protocol/result.ts";
import { longestBody, type RunFacts, runText } from "./comment.ts";
import { parseCommand } from "../commands/command.ts";
import type { Refusal } from "../commands/policy.ts";
import { help, nothingToCancel, refused } from "../commands/replies.ts";
import type { CommandRow } from "../store/rows.ts";
import { stage } from "../testing/fake_dashboard.ts";

const now = "2026-11-23T12:00:00.000Z";
const head = "3fa9c1b".padEnd(40, "0");
const other = "c0ffee0".padEnd(40, "0");

const base: RunFacts = {
  run: "abcdefghijkl-1",
  recipe: "miniflux",
  repository: "https://git.example/recipe-maintainers/miniflux",
  pr: 12,
  commit: head,
  verdict: null,
  folded: false,
  held: false,
  retrying: false,
  attempt: 1,
  trouble: null,
  started: false,
  untakenMs: null,
  cause: null,
  cancelledBy: null,
  page: "https://ci.example/runs/abcdefghijkl-1",
  enginePage: null,
  view: null,
  ahead: 0,
  waitSeconds: 0,
  elapsedSeconds: null,
  usualSeconds: null,
  tookSeconds: null,
};

const enginePage = { name: "Drone build 12", url: "https://drone.example/cc-ci/cc-ci/12" };

function view(fields: Partial<RunView>): RunView {
  return {
    run: base.run,
    recipe: base.recipe,
    subject: { kind: "pr", pr: 12, src: "recipe-maintainers/miniflux" },
    commit: head,
    base: "2.1.0+2.2.13",
    state: "running",
    position: 0,
    cause: null,
    link: null,
    url: base.page ?? "",
    announcedAt: now,
    startedAt: now,
    finishedAt: null,
    stages: [],
    result: null,
    artefacts: [],
    ...fields,
  };
}

function ended(
  result: RunOutcome,
  stages: StageReport[],
  fields: Partial<NonNullable<RunView["result"]>> = {},
): RunFacts {
  return {
    ...base,
    verdict: result,
    started: true,
    tookSeconds: 72,
    view: view({
      state: result,
      result: {
        schema: 1,
        run: base.run,
        recipe: base.recipe,
        subject: { kind: "pr", pr: 12, src: "recipe-maintainers/miniflux" },
        commit: head,
        dirty: false,
        base: "2.1.0+2.2.13",
        result,
        stage: null,
        cause: null,
        level: 2,
        stages,
        startedAt: now,
        finishedAt: now,
        seconds: 72,
        imposedSeconds: 30,
        versions: { suite: "0", abra: "0", docker: "0", browser: "0" },
        abraStandIn: false,
        notes: [],
        images: [],
        visual: null,
        leftovers: [],
        ...fields,
      },
    }),
  };
}

const shots = ["install.png", "upgrade.png"].map((name) => ({
  name,
  bytes: 1,
  url: `https://ci.example/a/${name}`,
}));
const passed = ended("passed", [
  stage({
    name: "install",
    seconds: 21,
    proofs: ["answers at /healthcheck", "page opened"],
    screenshots: ["install.png"],
  }),
  stage({ name: "upgrade", seconds: 26, proofs: ["data read back"], screenshots: ["upgrade.png"] }),
  stage({ name: "tests", result: "skipped", reason: "none in .cc-ci/", seconds: 0 }),
  stage({ name: "teardown", seconds: 3, proofs: ["nothing left"] }),
], { abraStandIn: true });
passed.view = passed.view && { ...passed.view, artefacts: shots };

const lost = "data written before the upgrade is gone";
const failed = ended("failed", [
  stage({ name: "install", seconds: 21 }),
  stage({
    name: "upgrade",
    result: "failed",
    seconds: 26,
    cause: lost,
    detail: "Wrote feed `marker-5d21` at 2.1.0+2.2.13, read back: no such feed.\n*Volume* `db|a` <moved>.",
    tail: Array.from({ length: 30 }, (_, index) => `line ${index + 1}`),
  }),
], { stage: "upgrade", cause: lost, level: 1 });

const atHome =
  "`./cc-ci run-recipe https://git.example/recipe-maintainers/miniflux.git --ref refs/pull/12/head`";
const page = " · [run](https://ci.example/runs/abcdefghijkl-1)";
const cancel = "`!testme cancel` stops it.";

const texts: [string, string, string][] = [
  [
    "queued during maintenance",
    runText({ ...base, held: true }),
    `⏳ **Queued: \`3fa9c1b\` of miniflux** · waits for the end of maintenance${page}\n\n${cancel}`,
  ],
  [
    "its turn has come, and no runner has noticed yet",
    runText({ ...base, untakenMs: 13_000 }),
    `⏳ **Queued: \`3fa9c1b\` of miniflux** · waits for a runner${page}\n\n${cancel}`,
  ],
  [
    "no runner takes it",
    runText({ ...base, untakenMs: 100_000 }),
    [
      `⏳ **Queued: \`3fa9c1b\` of miniflux** · waits for a runner${page}`,
      "No runner has taken it yet: the CI itself may need help. It keeps its place and starts as soon as one is there.",
      cancel,
    ].join("\n\n"),
  ],
  [
    "CI trouble, tried again in a moment",
    runText({ ...base, started: true, retrying: true, cause: "The runner disappeared" }),
    [
      `⏳ **CI trouble with \`3fa9c1b\` of miniflux: it is tried again in a moment**${page}`,
      "Attempt 1 of 3 failed: The runner disappeared.",
      cancel,
    ].join("\n\n"),
  ],
  [
    "another attempt runs",
    runText({ ...base, started: true, attempt: 2, trouble: "The runner disappeared" }),
    [
      "⏳ **Testing `3fa9c1b` of miniflux** · [live log](https://ci.example/runs/abcdefghijkl-1)",
      cancel,
      "Attempt 2 of 3, after CI trouble: The runner disappeared.",
    ].join("\n\n"),
  ],
  [
    "being stopped",
    runText({ ...base, started: true, cancelledBy: "maintainer" }),
    "⏳ **Stopping the test of `3fa9c1b` of miniflux** · [live log](https://ci.example/runs/abcdefghijkl-1)",
  ],
  [
    "passed, a newer run below",
    runText({ ...passed, folded: true }),
    "✅ **`3fa9c1b` of miniflux passed, tests skipped** · level 2 · 1 min 12 s" +
    `${page} · [screenshot](https://ci.example/a/upgrade.png) · a newer run follows below`,
  ],
  [
    "failed, a newer run below",
    runText({ ...failed, folded: true }),
    "❌ **`3fa9c1b` of miniflux failed in upgrade: data written before the upgrade is gone** · level 1 · 1 min 12 s" +
    `${page} · a newer run follows below`,
  ],
  [
    "stopped because of a newer command",
    runText({ ...base, verdict: "cancelled", cause: "A newer command took its place" }),
    [
      `⏹️ **Testing \`3fa9c1b\` of miniflux was cancelled**${page}`,
      "A newer command took its place.",
      "Comment `!testme` to start anew.",
    ].join("\n\n"),
  ],
  [
    "CI trouble to the last attempt",
    runText({ ...base, verdict: "infra", started: true, attempt: 3, cause: "The runner disappeared" }),
    [
      `⚠️ **CI trouble: \`3fa9c1b\` of miniflux could not be tested**${page}`,
      "The runner disappeared.",
      "It was tried 3 times.",
      "The recipe is not to blame. Comment `!testme` to try again.",
      "_The stages are missing here: the dashboard has not handed them over. They follow when it does._",
    ].join("\n\n"),
  ],
  [
    "exit code and result differ",
    runText({ ...passed, verdict: "failed", tookSeconds: null }).split("\n").find((line) =>
      /says otherwise/.test(line)
    ) ?? "",
    '⚠️ The harness reported "passed", but its exit code says otherwise; the exit code counts.',
  ],
  [
    "queued, next",
    runText(base),
    [
      "⏳ **Queued: `3fa9c1b` of miniflux** · starts at once · [run](https://ci.example/runs/abcdefghijkl-1)",
      "",
      "`!testme cancel` stops it.",
    ].join("\n"),
  ],
  [
    "queued, and no runner takes it",
    runText({ ...base, untakenMs: 20_000, enginePage }),
    [
      "⏳ **Queued: `3fa9c1b` of miniflux** · waits for a runner · " +
      "[run](https://ci.example/runs/abcdefghijkl-1) · [Drone build 12](https://drone.example/cc-ci/cc-ci/12)",
      "",
      "`!testme cancel` stops it.",
    ].join("\n"),
  ],
  [
    "queued behind others",
    runText({ ...base, ahead: 2, waitSeconds: 350, page: null }),
    [
      "⏳ **Queued: `3fa9c1b` of miniflux** · behind 2 runs, about 6 min",
      "",
      "`!testme cancel` stops it.",
    ].join("\n"),
  ],
  [
    "running",
    runText({
      ...base,
      started: true,
      enginePage,
      elapsedSeconds: 41,
      usualSeconds: 95,
      view: view({
        stages: [
          {
            name: "install",
            running: false,
            report: stage({ name: "install", seconds: 21, proofs: ["page opened"] }),
          },
          { name: "upgrade", running: true, report: null },
          { name: "teardown", running: false, report: null },
        ],
      }),
    }),
    [
      "⏳ **Testing `3fa9c1b` of miniflux** (over `2.1.0+2.2.13`) · " +
      "[live log](https://ci.example/runs/abcdefghijkl-1) · [Drone build 12](https://drone.example/cc-ci/cc-ci/12) · " +
      "started 40 s ago, about 50 s left",
      "",
      "| | stage | | time |",
      "|---|---|---|--:|",
      "| ✅ | install | page opened | 21 s |",
      "| ⏳ | upgrade | | |",
      "| · | teardown | | |",
      "",
      "`!testme cancel` stops it.",
    ].join("\n"),
  ],
  [
    "passed",
    runText({ ...passed, enginePage }),
    [
      "✅ **`3fa9c1b` of miniflux passed, tests skipped** · level 2 · 1 min 12 s · " +
      "[run](https://ci.example/runs/abcdefghijkl-1) · [screenshot](https://ci.example/a/upgrade.png) · " +
      "[Drone build 12](https://drone.example/cc-ci/cc-ci/12)",
      "",
      "| | stage | | time |",
      "|---|---|---|--:|",
      "| ✅ | install | answers at /healthcheck, page opened | 21 s |",
      "| ✅ | upgrade | data read back | 26 s |",
      "| – | tests | skipped: none in .cc-ci/ |  |",
      "| ✅ | teardown | nothing left | 3.0 s |",
      "",
      `<sub>\`!testme\` tests it again. At home: ${atHome}</sub>`,
      "",
      "<sub>No abra is installed where this ran: cc-ci's stand-in deployed the recipe.</sub>",
    ].join("\n"),
  ],
  [
    "failed",
    runText(failed),
    [
      "❌ **`3fa9c1b` of miniflux failed in upgrade: data written before the upgrade is gone** · level 1 · 1 min 12 s · " +
      "[run](https://ci.example/runs/abcdefghijkl-1)",
      "",
      "Wrote feed `marker-5d21` at 2.1.0+2.2.13, read back: no such feed.",
      "\\*Volume\\* `db|a` &lt;moved&gt;.",
      "",
      "| | stage | | time |",
      "|---|---|---|--:|",
      "| ✅ | install |  | 21 s |",
      "| ❌ | upgrade | data written before the upgrade is gone | 26 s |",
      "",
      "<details><summary>Last 20 lines of the service's log</summary>",
      "",
      "```text",
      ...Array.from({ length: 20 }, (_, index) => `line ${index + 11}`),
      "```",
      "",
      "</details>",
      "",
      "Push a fix and comment `!testme`, or try the pull request's head at home: " +
      "`./cc-ci run-recipe https://git.example/recipe-maintainers/miniflux.git --ref refs/pull/12/head --only upgrade --keep`",
    ].join("\n"),
  ],
  [
    "CI trouble",
    runText({ ...base, verdict: "infra", started: true, page: null, cause: "The run's process disappeared" }),
    [
      "⚠️ **CI trouble: `3fa9c1b` of miniflux could not be tested**",
      "",
      "The run's process disappeared.",
      "",
      "The recipe is not to blame. Comment `!testme` to try again.",
    ].join("\n"),
  ],
  [
    "cancelled",
    runText({ ...base, verdict: "cancelled", cancelledBy: "maintainer", page: null }),
    [
      "⏹️ **Testing `3fa9c1b` of miniflux was cancelled**",
      "",
      "`maintainer` asked for it. `!testme` starts anew.",
    ].join("\n"),
  ],
  [
    "out of time",
    runText(ended("timed_out", [stage({ name: "install", result: "failed", cause: "no end in 10 min" })], {
      stage: "install",
      cause: "no end in 10 min",
    })),
    [
      `⌛ **\`3fa9c1b\` of miniflux ran out of time in install: no end in 10 min**${page}`,
      "",
      "| | stage | | time |",
      "|---|---|---|--:|",
      "| ❌ | install | no end in 10 min | 2.0 s |",
      "",
      "Push a fix and comment `!testme`, or try the pull request's head at home: " +
      `${atHome.slice(0, -1)} --only install --keep\``,
    ].join("\n"),
  ],
  [
    "without a result",
    runText({ ...base, repository: "http://git.example/a/b", verdict: "failed", started: true }),
    [
      "❌ **`3fa9c1b` of miniflux failed** · [run](https://ci.example/runs/abcdefghijkl-1)",
      "",
      "_The stages are missing here: the dashboard has not handed them over. They follow when it does._",
      "",
      "Push a fix and comment `!testme`, or try the pull request's head at home: " +
      "`./cc-ci run-recipe miniflux --ref refs/pull/12/head`",
    ].join("\n"),
  ],
];
for (const [what, text, expected] of texts) {
  Deno.test("the picture is that of the stage that decided, where there is one", () => {
    const upgrade = stage({ name: "upgrade", result: "failed", cause: "lost" });
    const restore = stage({ name: "restore", screenshots: ["restore.png"] });
    const { view, ...facts } = ended("failed", [restore, upgrade], { stage: "upgrade" });
    assert.ok(view);
    const picture = (...names: string[]) => {
      const artefacts = names.map((name) => ({ name, bytes: 1, url: `https://ci.example/a/${name}` }));
      return /\[screenshot\]\([^)]*\/([^/)]*)\)/.exec(runText({ ...facts, view: { ...view, artefacts } }))
        ?.[1];
    };
    assert.equal(picture("restore.png", "upgrade.png", "upgrade-before.png"), "upgrade.png");
    assert.equal(picture("restore.png", "upgrade-before.png"), "restore.png");
  });

  Deno.test(`runText(): ${what}`, () => assert.equal(text, expected));
}

const command: CommandRow = {
  comment: 1,
  repo: "recipe-maintainers/miniflux",
  pr: 12,
  user_id: 3,
  login: "outsider",
  written_at: 0,
  kind: "test",
  commit: null,
  state: "seen",
  reason: null,
  seen_at: 0,
};
const refusals: [Refusal, string][] = [
  [
    { reason: "not-member" },
    "🚫 Nothing was tested: `outsider` is not a member of `coop`, and only members can start tests.\n" +
    "A member who has looked at the changes can comment `!testme`.",
  ],
  [
    { reason: "not-enrolled" },
    "🚫 Nothing was tested: `recipe-maintainers/miniflux` is not enrolled here.\n" +
    "To enrol it, add `recipes/<recipe>/recipe.yml` with `repo: recipe-maintainers/miniflux` to cc-ci.",
  ],
  [
    { reason: "closed" },
    "🚫 Nothing was tested: this pull request is closed.\nReopen it and comment `!testme`.",
  ],
  [
    { reason: "not-starter" },
    "🚫 Nothing was cancelled: `outsider` is not a member of `coop`, and only members and whoever started a run can stop it.\n" +
    "A member can comment `!testme cancel`.",
  ],
  [
    { reason: "merged" },
    "🚫 Nothing was tested: this pull request is merged.\nComment on one that is open.",
  ],
  [
    { reason: "fork-gone" },
    "🚫 Nothing was tested: this pull request is closed, as the repository it came from was deleted.\n" +
    "Open a new one and comment `!testme` there.",
  ],
  [
    { reason: "edited" },
    "🚫 Nothing was tested: the comment became `!testme` by an edit, and who made that is not known.\n" +
    "Write it in a new comment.",
  ],
  [
    { reason: "too-old" },
    "🚫 `!testme` was written more than 24 hours ago, before cc-ci could look at it, so nothing was done.\n" +
    "If it is still wanted, comment it again.",
  ],
  [
    { reason: "maintenance", since: 1, note: "back at noon" },
    "🚧 Nothing was tested: cc-ci is under maintenance (back at noon).\nComment `!testme` again when it is over.",
  ],
  [
    { reason: "pushed", before: other, head },
    "🚫 Nothing was tested: after `outsider` wrote `!testme` the head moved from `c0ffee0` to `3fa9c1b`.\n" +
    "Look at what was pushed and comment `!testme`, or `!testme 3fa9c1b`.",
  ],
  [
    { reason: "same-time", head },
    "🚫 Nothing was tested: `3fa9c1b` was pushed at about the time `!testme` was written.\n" +
    "If that is the commit you mean, comment `!testme` again.",
  ],
  [
    { reason: "unknown-head", head },
    "🚫 Nothing was tested: the forge does not tell when `3fa9c1b` was pushed.\n" +
    `If that is the commit you mean, comment \`!testme ${head}\`.`,
  ],
  [
    { reason: "other-commit", asked: other, head },
    "🚫 Nothing was tested: the head is `3fa9c1b`, not `c0ffee0`.\n" +
    "If that is the commit you mean, comment `!testme 3fa9c1b`.",
  ],
];
for (
  const [what, text, expected] of [
    [
      "help()",
      help("coop"),
      "`!testme` tests this pull request's head, `!testme <commit>` only if that commit is still the head, " +
      "`!testme cancel` stops a run, `!testme help` says this. Alone on a line, from members of `coop`.",
    ],
    [
      "nothingToCancel()",
      nothingToCancel(),
      "Nothing to cancel: no run of this pull request is queued or running.",
    ],
  ] as const
) {
  Deno.test(what, () => assert.equal(text, expected));
}
for (const [refusal, expected] of refusals) {
  Deno.test(`refused(): ${refusal.reason}`, () =>
    assert.equal(refused(refusal, { command, org: "coop" }), expected));
}

Deno.test("what we write is never a command itself", () => {
  const all = [...texts.map(([, text]) => text), help("coop"), nothingToCancel()];
  for (const text of [...all, ...refusals.map(([, text]) => text)]) {
    assert.equal(parseCommand(text), null, text);
  }
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
        const report = stage({
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
        const facts = ended(outcome, [report, stage({ name: "install", proofs: [cause, detail] })], {
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
  const lint = stage({
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
  const install = stage({ name: "install", blemishes: ["Console: boom"] });
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
  const report = stage({ name: "upgrade", result: "failed", cause: "x", detail: "😀".repeat(60_000), tail });
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

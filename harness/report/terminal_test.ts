import assert from "node:assert/strict";
import type { Subject } from "../../protocol/params.ts";
import type { RunEvent } from "../../protocol/events.ts";
import {
  sampleFailure,
  sampleResult,
  sampleRich,
  sampleStage,
} from "../../protocol/testing/sample_result.ts";
import { openTerminal, type TerminalOptions, type TerminalReport } from "./terminal.ts";
import type { SummaryPaths } from "./terminal_summary.ts";

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

const start: RunEvent[] = [
  {
    t: at(0),
    type: "run.started",
    run: "k3x9q2ab-1",
    recipe: "miniflux",
    subject: { kind: "pr", pr: 12, src: "o/miniflux" },
    stages: ["fetch", "install", "upgrade", "teardown"],
  },
  {
    t: at(1),
    type: "run.subject",
    commit: "3fa9c1b7d2e84c0f9a1b2c3d4e5f60718293a4b5",
    dirty: true,
    base: "2.1.0+2.2.13",
  },
  {
    t: at(1),
    type: "stage.finished",
    report: sampleStage({ name: "fetch", seconds: 0.8, proofs: ["is the head"] }),
  },
  { t: at(2), type: "stage.started", stage: "install" },
  { t: at(2), type: "stage.started", stage: "upgrade" },
  { t: at(3), type: "log", stage: "install", line: "\u001b[32mcreating\u001b[0m\r service \u001b[2Japp" },
];

/** What a terminal shows after everything written to it: the sequences used here are obeyed, others fail. */
function screen(written: string): string[] {
  const lines: string[] = [""];
  let row = 0;
  // deno-lint-ignore no-control-regex
  for (const [token] of written.matchAll(/\u001b\[[0-9;]*[A-Za-z]|\n|[^\u001b\n]+/g)) {
    // deno-lint-ignore no-control-regex
    const sequence = /^\u001b\[([0-9;]*)([A-Za-z])$/.exec(token);
    if (token === "\n") {
      row++;
      lines[row] ??= "";
    } else if (sequence === null) lines[row] += token;
    else if (sequence[2] === "A") row -= Number(sequence[1]);
    else if (sequence[2] === "J") lines.length = row, lines[row] = "";
    else if (sequence[2] === "K") lines[row] = "";
    else assert.equal(sequence[2], "m", `Sequence ${JSON.stringify(token)}`);
    assert.ok(row >= 0, "moved above the top");
  }
  return lines.map((line) => line.trimEnd());
}

function opened(
  options: TerminalOptions,
): { terminal: TerminalReport; text: () => string; draw: () => void } {
  let written = "";
  let drawAgain = () => {};
  const terminal = openTerminal({
    columns: () => 80,
    now: () => Date.parse(at(14)),
    write: (text) => written += text,
    repeat(draw) {
      drawAgain = draw;
      return () => drawAgain = () => {};
    },
    ...options,
  });
  return { terminal, text: () => written, draw: () => drawAgain() };
}

function play(options: TerminalOptions, events: RunEvent[] = start) {
  const open = opened(options);
  for (const event of events) open.terminal.event(event);
  open.draw();
  return open;
}

Deno.test("a terminal shows one line per stage that fills in", () => {
  const { text } = play({ tty: true });
  assert.deepEqual(screen(text()), [
    "Testing miniflux, PR #12 · run k3x9q2ab-1",
    "3fa9c1b+U (with uncommitted changes) over 2.1.0+2.2.13",
    "install and upgrade run side by side, each with an app of its own",
    "  ✔ fetch         is the head                                             0.8 s",
    "  ⠋ install       creating service app                                     12 s",
    "  ⠋ upgrade                                                                12 s",
    "  · teardown",
    "",
  ]);
});

Deno.test("nothing a run prints moves the cursor, however wide the terminal", () => {
  for (const columns of [20, 50, 80, 300]) {
    const line = "wide 日本語 \u001b[10A\u001b]0;title\u0007 \u202e end ".repeat(20);
    const events: RunEvent[] = [...start, { t: at(4), type: "log", stage: "install", line }];
    const { text } = play({ tty: true, columns: () => columns, color: false }, events);
    assert.ok(!text().includes("\u001b[10A") && !text().includes("title") && !text().includes("\u202e"));
    assert.equal(screen(text()).length, 8);
  }
});

Deno.test("a local run says which folder it tests, and a branch whose name is not known yet is the default one", () => {
  const first = (subject: Subject) => {
    const { terminal, text } = opened({ tty: false });
    terminal.event({
      t: "2026-03-01T10:00:00.000Z",
      type: "run.started",
      run: "k3x9q2ab-1",
      recipe: "wiki",
      subject,
      stages: [],
    });
    return text();
  };
  assert.match(
    first({ kind: "worktree", path: "/src/wiki" }),
    /^Testing wiki, working tree \/src\/wiki · run/,
  );
  assert.match(first({ kind: "branch", name: "HEAD", src: "a/wiki" }), /^Testing wiki, default branch · run/);
});

Deno.test("a note goes above the list", () => {
  const { terminal, text } = play({ tty: true });
  terminal.note("waiting for a free slot");
  assert.equal(screen(text())[3], "waiting for a free slot");
  assert.match(screen(text())[4] ?? "", /fetch/);
});

Deno.test("without a terminal each event is one plain line", () => {
  const { text } = play({ tty: false }, [
    ...start,
    {
      t: at(9),
      type: "stage.finished",
      report: sampleStage({ name: "upgrade", result: "failed", cause: "no\nanswer" }),
    },
  ]);
  assert.equal(
    text(),
    `Testing miniflux, PR #12 · run k3x9q2ab-1
3fa9c1b+U (with uncommitted changes) over 2.1.0+2.2.13
fetch passed: is the head (0.8 s)
install …
install and upgrade run side by side, each with an app of its own
upgrade …
upgrade failed: no answer (1.0 s)
`,
  );
});

Deno.test("a CI log gets the log lines as well, without colours", () => {
  assert.match(play({ tty: false, logs: true }).text(), /^ {2}install \| creating service app$/m);
});

function summary(...args: [result: Parameters<TerminalReport["summary"]>[0], paths: SummaryPaths]): string[] {
  const { terminal, text } = opened({ tty: false });
  terminal.summary(...args);
  return text().split("\n");
}

Deno.test("the summary of a failed run: verdict, cause, log, and the report's address last", () => {
  const lines = summary(sampleFailure({ abraStandIn: true }), {
    report: "/runs/x/report.html",
    screenshots: ["/runs/x/screenshots/install.png"],
    url: "https://ci.localhost/runs/x",
  });
  assert.deepEqual(lines, [
    "",
    "✘ 3fa9c1b of miniflux failed in upgrade: data written before the upgrade is gone",
    "",
    '  Wrote feed "marker-5d21" at 2.1.0+2.2.13, upgraded to 3fa9c1b, read back: no such feed.',
    "  The volume miniflux_db is no longer mounted at /var/lib/postgresql/data (compose.yml, line 41).",
    "",
    "  Last log lines of upgrade:",
    '    2026-03-01T10:00:58Z level=INFO msg="Starting HTTP server" listen_address=0.0.0.0:8080',
    '    2026-03-01T10:00:59Z level=ERROR msg="Unable to find feed" feed=marker-5d21',
    "",
    "  Level 1 · 1 min 12 s, 31 s of it waiting that the recipe's own settings impose · upgraded from 2.1.0+2.2.13",
    "  Note: No abra is installed where this ran: cc-ci's stand-in deployed the recipe",
    "",
    "  Screenshot  /runs/x/screenshots/install.png",
    "  Run page    https://ci.localhost/runs/x",
    "  Report      /runs/x/report.html",
    "",
  ]);
});

Deno.test("a run without an upgrade does not speak of one", () => {
  const stages = [sampleStage({ name: "upgrade", result: "skipped", reason: "not asked for" })];
  assert.doesNotMatch(summary(sampleResult({ base: "2.1.0+2.2.13", stages }), {}).join(), /upgraded from/);
  assert.match(
    summary(sampleResult({ base: "2.1.0+2.2.13", stages: [sampleStage({ name: "upgrade" })] }), {}).join(),
    /upgraded from/,
  );
});

Deno.test("a run that was not asked to install has no level", () => {
  const stages = [sampleStage({ name: "fetch" }), sampleStage({ name: "install", result: "skipped" })];
  assert.doesNotMatch(summary(sampleResult({ level: 0, stages }), {}).join(), /Level/);
  assert.match(
    summary(sampleResult({ level: 0, stages: [sampleStage({ name: "install" })] }), {}).join(),
    /Level 0/,
  );
});

Deno.test("the summary of a passed run is short", () => {
  assert.deepEqual(summary(sampleResult({ imposedSeconds: 0, base: null }), { report: "/r.html" }), [
    "",
    "✔ 3fa9c1b of miniflux passed",
    "",
    "  Level 2 · 1 min 12 s",
    "",
    "  Report      /r.html",
    "",
  ]);
});

Deno.test("a line of a log that names a cause is told to its end, on as many lines as it takes", () => {
  const file = "/etc/nginx/conf.d/default.conf:12";
  const line =
    `2026/03/01 10:00:00 [emerg] 1#1: invalid number of arguments in "server_name" directive in ${file}`;
  const failed = sampleStage({ name: "install", result: "failed", cause: "it exits", tail: ["ready", line] });
  const told = summary(sampleResult({ result: "failed", stage: "install", stages: [failed] }), {});
  assert.deepEqual(told.slice(told.indexOf("    ready"), told.indexOf("    ready") + 3), [
    "    ready",
    '    2026/03/01 10:00:00 [emerg] 1#1: invalid number of arguments in "server_name" directive in',
    `      ${file}`,
  ]);
});

Deno.test("trouble of the host is not blamed on the recipe, and leftovers are named", () => {
  const lines = summary(
    sampleResult({
      result: "infra",
      cause: "the disk is full",
      leftovers: ["volume a_b"],
      imposedSeconds: 0,
    }),
    {},
  );
  assert.equal(lines[1], "! 3fa9c1b of miniflux could not be tested: the disk is full");
  assert.equal(lines[2], "  This is trouble of the CI host, not of the recipe.");
  assert.ok(lines.includes("  Left behind: volume a_b"));
});

Deno.test("what keeps a passed run from being clean, what it used and how the page changed is said briefly", () => {
  const lines = summary(sampleRich({ imposedSeconds: 0, base: null }), { report: "/r.html" });
  assert.deepEqual(lines.slice(2), [
    "",
    "  Level 4 · 1 min 36 s",
    "  Memory at peak: db 66.3 MB, app 21.1 MB · images 300 MB",
    "  4.2 % of the page's pixels changed by the upgrade",
    "  lint: abra.sh, line 3: ENTRYPOINT_VERSION did not change although entrypoint.sh did",
    '  lint: compose.yml: Nothing sets "LOG_FORMAT", Docker makes it empty',
    "  install: Request failed: /favicon-32.png answered with 404",
    "",
    "  Report      /r.html",
    "",
  ]);
});

Deno.test("a summary full of blemishes ends all the same", () => {
  const blemishes = Array.from({ length: 20 }, (_, index) => `problem ${index}`);
  const stages = [sampleStage({ name: "install", blemishes })];
  const lines = summary(sampleResult({ stages }), {});
  assert.equal(lines.filter((line) => line.includes("problem")).length, 6);
  assert.ok(lines.includes("  and 14 more, see the report"));
});

Deno.test("a command that people copy is whole at any width", () => {
  const written: string[] = [];
  for (const tty of [true, false]) {
    using terminal = openTerminal({
      tty,
      color: false,
      columns: () => 40,
      write: (text) => written.push(text),
    });
    terminal.command(`  remove: ${"x".repeat(100)}`);
  }
  assert.deepEqual(written.map((text) => text.match(/x+/)?.[0].length), [100, 100]);
});

Deno.test("80 columns are 80", async () => {
  const { default: stringWidth } = await import("string-width");
  const long = "word ".repeat(40).trim();
  const changes = {
    cause: long,
    notes: [long],
    leftovers: Array.from({ length: 9 }, (_, index) => `volume "miniflux_data_${index}"`),
    imposedSeconds: 31,
    base: "2.1.0+2.2.13",
  };
  for (
    const result of [
      sampleFailure(changes),
      sampleRich(changes),
      sampleFailure({ ...changes, result: "infra" }),
    ]
  ) {
    const written: string[] = [];
    using terminal = openTerminal({
      tty: true,
      color: false,
      columns: () => 80,
      write: (text) => void written.push(text),
      now: () => 0,
      repeat: () => () => {},
    });
    terminal.summary(result, {});
    const lines = written.join("").split("\n");
    assert.ok(lines.length > 8);
    assert.deepEqual(lines.filter((line) => stringWidth(line) > 80), []);
  }
});

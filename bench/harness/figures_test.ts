import { deepEqual, equal, match } from "node:assert/strict";
import { figuresOf, type HarnessLap, medianOf, type Round } from "./figures.ts";
import { dominates, table } from "./table.ts";
import { resident, together } from "./memory.ts";
import { timeline } from "./timeline.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { emptyReport } from "../../harness/run/stage.ts";

function lap(total: number, more: Partial<HarnessLap> = {}): HarnessLap {
  return {
    steps: {},
    total,
    afterLast: 3,
    imposed: 4,
    abraCalls: 10,
    rssMb: 100,
    rssSumMb: 120,
    rssParts: {},
    ...more,
  };
}

function round(plain: number, more: Partial<Round> = {}): Round {
  const steps = { new: 1, converge: 3, backup: 2, restore: 1, teardown: 8 };
  return {
    plain: { steps, total: plain },
    sameSteps: lap(14),
    oneLane: lap(30, { steps: { start: 1, install: 6, teardown: 3 } }),
    twoLanes: lap(16, { rssMb: 140, rssParts: { front: 40, worker: 100 } }),
    ...more,
  };
}

Deno.test("ratios are medians over medians; equal steps leave out what the harness was not asked for", () => {
  const figures = figuresOf([round(23), round(20), round(90)], { recipe: "quick", abraCallS: 0.25 });
  equal(figures.plain_s, 23);
  equal(figures.plain_same_steps_s, 20);
  equal(figures.ratio_same_steps, 0.7);
  equal(figures.ratio_one_lane, 1.3);
  equal(figures.ratio_two_lanes, 0.7);
  equal(figures.rss_mb, 140);
  deepEqual(figures.rss_parts_mb, { front: 40, worker: 100 });
});

Deno.test("a stage's overhead is what it takes beyond the script's steps for the same; stages of its own count whole", () => {
  const { stages } = figuresOf([round(20)], { recipe: "quick", abraCallS: 0 });
  deepEqual(stages, [
    { stage: "start", seconds: 1, plain: 0, overhead: 1 },
    { stage: "install", seconds: 6, plain: 4, overhead: 2 },
    { stage: "teardown", seconds: 3, plain: 8, overhead: -5 },
  ]);
});

Deno.test("a missed aim is marked, and what dominates is named largest first", () => {
  const figures = figuresOf([round(20)], { recipe: "quick", abraCallS: 0.2 });
  const aims = { ratio_same_steps: 0.7, ratio_one_lane: 1.1, ratio_two_lanes: 0.8 };
  const text = table(figures, { description: "one service", aims });
  match(text, /ratio_same_steps +0\.82 +✗ aim ≤ 0\.7/);
  match(text, /ratio_two_lanes +0\.80 +✓/);
  match(text, /rss_mb +140 +✓ aim ≤ 150 MB/);
  match(dominates(figures).join("\n"), /10 times.*2\.0 s[^]*: install 2\.0 s, start 1\.0 s\./);
});

Deno.test("the median of an even number lies between the two in the middle", () => {
  equal(medianOf([4, 1, 3, 2]), 2.5);
});

Deno.test("a run is taken apart into stages, what comes before and after them, and the gap between the lanes", () => {
  const t = (second: number) => new Date(1_000_000 + 1000 * second).toISOString();
  const started = (second: number): RunEvent => ({ t: t(second), type: "stage.started", stage: "install" });
  const finished = (second: number, name: "install" | "upgrade" | "teardown", seconds: number): RunEvent => ({
    t: t(second),
    type: "stage.finished",
    report: { ...emptyReport(name, "passed"), seconds },
  });
  const events = [
    started(2),
    finished(6, "install", 4),
    finished(15, "upgrade", 8),
    finished(18, "teardown", 3),
  ];
  const seen = timeline(events, { began: 1_000_000, ended: 1_000_000 + 19_000 });
  deepEqual(seen, {
    steps: { start: 2, install: 4, upgrade: 8, teardown: 3, between: 1, end: 1 },
    total: 19,
    afterLast: 3,
  });
});

Deno.test("memory that processes of one program share counts once", () => {
  const status = (own: number, files: number) => `VmRSS:\t1 kB\nRssAnon:\t${own} kB\nRssFile:\t${files} kB\n`;
  const mb = 1000; // near enough
  const seen = [resident(status(30 * mb, 40 * mb)), resident(status(50 * mb, 45 * mb)), resident("")];
  equal(Math.round(together(seen) / 1.024), 125);
});

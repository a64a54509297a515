import type { Figures, Ratios } from "./figures.ts";
import type { Subject } from "./recipes.ts";

const RSS_MB = 150;
const AFTER_LAST_S = 5;

/** The figures for people: ratios with what they were aimed at, then where the time of a whole run goes. */
export function table(figures: Figures, subject: Pick<Subject, "description" | "aims">): string {
  const aim = (value: number, most: number, unit = "") => `${value <= most ? "✓" : "✗"} aim ≤ ${most}${unit}`;
  const ratio = (
    name: keyof Ratios,
    own: number,
    script: number,
  ) => [name, figures[name].toFixed(2), aim(figures[name], subject.aims[name]), `${own} s / ${script} s`];
  const own = Object.entries(figures.rss_parts_mb).map(([name, mb]) => `${name} ${Math.round(mb)}`);
  const program = figures.rss_mb - Object.values(figures.rss_parts_mb).reduce((sum, mb) => sum + mb, 0);
  const parts = [...own, `program ${Math.round(program)}`];
  const head = align([
    ratio("ratio_same_steps", figures.same_steps_s, figures.plain_same_steps_s),
    ratio("ratio_one_lane", figures.one_lane_s, figures.plain_s),
    ratio("ratio_two_lanes", figures.two_lanes_s, figures.plain_s),
    ["rss_mb", figures.rss_mb.toFixed(0), aim(figures.rss_mb, RSS_MB, " MB"), parts.join(" + ")],
    [
      "teardown_after_last_s",
      figures.teardown_after_last_s.toFixed(1),
      aim(figures.teardown_after_last_s, AFTER_LAST_S, " s"),
      "until verified, two lanes",
    ],
  ]);
  const stages = align([
    ["stage", "harness", "script", "overhead"],
    ...figures.stages.map((
      { stage, seconds, plain, overhead },
    ) => [stage, seconds.toFixed(1), plain === 0 ? "-" : plain.toFixed(1), signed(overhead)]),
  ], { numbers: true });
  return [
    `${figures.recipe}: ${subject.description} (${
      figures.rounds === 1 ? "one round" : `medians of ${figures.rounds} rounds`
    })`,
    "",
    head,
    "",
    "A whole run in one lane, seconds:",
    stages,
    "",
    ...dominates(figures),
  ].join("\n");
}

/** Where most of a run's time goes, in sentences. */
export function dominates(figures: Figures): string[] {
  const { one_lane_s: total, imposed_s: imposed, abra_calls: calls, abra_call_s: call } = figures;
  const share = (seconds: number) => `${seconds.toFixed(1)} s (${Math.round(100 * seconds / total)} %)`;
  const most = figures.stages.toSorted((a, b) => b.overhead - a.overhead).slice(0, 3)
    .filter(({ overhead }) => overhead > 0).map(({ stage, overhead }) => `${stage} ${overhead.toFixed(1)} s`);
  return [
    `Of ${total} s in one lane the recipe's own health and update settings impose ${share(imposed)}.`,
    `abra is called ${calls} times at ${call} s for its start alone: ${share(calls * call)}.`,
    `Most is added to the script's time by: ${most.join(", ") || "nothing"}.`,
  ];
}

/** Columns side by side: the first to the left, numbers to the right. */
function align(rows: readonly (readonly string[])[], options: { numbers?: boolean } = {}): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from(
    { length: columns },
    (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map((row) =>
    row.map((cell, at) => {
      const width = widths[at] ?? 0;
      const right = at === 1 || (options.numbers === true && at > 0);
      return right ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  ).join("\n");
}

function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(1)}`;
}

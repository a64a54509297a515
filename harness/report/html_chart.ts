import type { StageName, StageReport } from "../../protocol/result.ts";
import { stageLooks } from "../../wording/outcomes.ts";
import { formatSeconds } from "../../common/time.ts";
import { type Markup, markup } from "./markup.ts";

const WIDTH = 880;
const LEFT = 110;
const RIGHT = 64;
const ROW = 26;
const BAR = 14;
const AXIS = 22;

/** When each stage ran, as bars over the run's time: what ran at once stands one below the other. */
export function timingChart(
  stages: readonly StageReport[],
  timing: Partial<Record<StageName, { from: number; to: number }>>,
): Markup | null {
  const rows = stages.flatMap((stage) => {
    const span = timing[stage.name];
    return span === undefined || !(span.to >= span.from) ? [] : [{ stage, ...span }];
  });
  const end = Math.max(0, ...rows.map(({ to }) => to));
  if (rows.length === 0 || !(end > 0)) return null;
  const x = (seconds: number) => round(LEFT + (Math.max(0, seconds) / end) * (WIDTH - LEFT - RIGHT));
  const height = rows.length * ROW + AXIS;
  const ticks = axisTicks(end).map((seconds) =>
    markup`
      <line class="grid" x1="${x(seconds)}" x2="${x(seconds)}" y1="0" y2="${height - AXIS}" />
      <text class="tick" x="${x(seconds)}" y="${height - 6}" text-anchor="middle">${
      formatSeconds(seconds * 1000)
    }</text>
    `
  );
  const bars = rows.map(({ stage, from, to }, index) => {
    const top = index * ROW + (ROW - BAR) / 2;
    const width = Math.max(3, round(x(to) - x(from)));
    const middle = index * ROW + ROW / 2;
    const length = formatSeconds((to - from) * 1000);
    return markup`
      <text class="name" x="${LEFT - 10}" y="${middle}" text-anchor="end">${stage.name}</text>
      <rect class="bar tone-${stageLooks[stage.result].tone}" x="${
      x(from)
    }" y="${top}" width="${width}" height="${BAR}" rx="3">
        <title>${stage.name}: ${length}, from ${formatSeconds(from * 1000)}</title>
      </rect>
      <text class="tick" x="${x(from) + width + 6}" y="${middle}">${length}</text>
    `;
  });
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="When each stage ran">
${ticks}
${bars}
</svg>`;
}

/** At most eight round distances from 0 to the end. */
function axisTicks(end: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];
  const step = steps.find((seconds) => end / seconds <= 8) ?? 7200;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

import type { Run } from "../run.ts";
import { count, stateWords, subjectText } from "../words.ts";

const RISE = 12;

/** The level over the last runs, as a staircase. Runs without a level leave a gap. */
export function LevelTrend({ runs }: { runs: readonly Run[] }) {
  const levels = runs.map((run) => run.level);
  const step = Math.max(10, Math.min(40, Math.floor(480 / Math.max(1, runs.length))));
  const width = Math.max(1, runs.length) * step;
  const y = (level: number) => 5 * RISE - level * RISE + 6;
  const path = levels.map((level, at) => {
    if (level === null) return "";
    const joined = at > 0 && levels[at - 1] !== null;
    return `${joined ? "L" : "M"}${at * step} ${y(level)}h${step}`;
  }).join("");
  const first = levels.find((level) => level !== null) ?? null;
  const last = levels.findLast((level) => level !== null) ?? null;
  return (
    <figure class="trend">
      <svg
        viewBox={`-16 0 ${width + 18} ${5 * RISE + 12}`}
        width={width + 18}
        height={5 * RISE + 12}
        role="img"
        aria-label={`Level over the last ${count(runs.length, "run")}: from ${first ?? "none"} to ${
          last ?? "none"
        }`}
      >
        {[0, 1, 2, 3, 4, 5].map((level) => (
          <>
            <line class="grid" x1="0" x2={width} y1={y(level)} y2={y(level)} />
            <text x="-6" y={y(level) + 3.5}>{level}</text>
          </>
        ))}
        <path class="line" d={path} />
        {runs.map((run, at) => {
          if (run.level === null) return null;
          return (
            <rect class="hit" x={at * step} y="0" width={step} height={5 * RISE + 12}>
              <title>{`${subjectText(run.subject)} ${stateWords[run.state]}, level ${run.level}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption class="muted">Level over the last {count(runs.length, "run")}</figcaption>
    </figure>
  );
}

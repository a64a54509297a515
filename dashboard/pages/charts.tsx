import { stageFacts } from "../../wording/stages.ts";
import { subjectName } from "../../wording/verdict.ts";
import { runLooks } from "../../wording/outcomes.ts";
import { raw } from "hono/html";
import type { Run } from "../model/run.ts";
import { highestLevel, levels, type StageName, stageNames } from "../../protocol/result.ts";
import type { Timed } from "../views/recipe_history.ts";
import { formatSeconds } from "../../common/time.ts";
import { count } from "../views/words.ts";

const RISE = 12;
const TALL = highestLevel * RISE;

/** The level over the last runs, as a staircase. Runs without a level leave a gap. */
export function LevelTrend({ runs }: { runs: readonly Run[] }) {
  const reached = runs.map((run) => run.level);
  const step = Math.max(8, Math.min(36, Math.floor(360 / Math.max(1, runs.length))));
  const width = Math.max(1, runs.length) * step;
  const y = (level: number) => TALL - level * RISE + 6;
  const path = reached.map((level, at) => {
    if (level === null) return "";
    const joined = at > 0 && reached[at - 1] !== null;
    return `${joined ? "L" : "M"}${at * step} ${y(level)}h${step}`;
  }).join("");
  const first = reached.find((level) => level !== null) ?? null;
  const last = reached.findLast((level) => level !== null) ?? null;
  return (
    <figure class="trend">
      <svg
        viewBox={`-16 0 ${width + 18} ${TALL + 12}`}
        width={width + 18}
        height={TALL + 12}
        role="img"
        aria-label={`Level over the last ${count(runs.length, "run")}: from ${first ?? "none"} to ${
          last ?? "none"
        }`}
      >
        {levels.map((_, level) => (
          <>
            <line class="grid" x1="0" x2={width} y1={y(level)} y2={y(level)} />
            <text x="-6" y={y(level) + 3.5}>{level}</text>
          </>
        ))}
        <path class="line" d={path} />
        {runs.map((run, at) => {
          if (run.level === null) return null;
          return (
            <rect class="hit" x={at * step} y="0" width={step} height={TALL + 12}>
              <title>{`${subjectName(run.subject)} ${runLooks[run.state].word}, level ${run.level}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption class="muted">Level over the last {count(runs.length, "run")}</figcaption>
    </figure>
  );
}

/** What the stages of the last runs took, one bar a run, stages on top of each other in their order. */
export function StageDurations({ runs }: { runs: readonly Timed[] }) {
  const sums = runs.map(({ stages }) => stages.reduce((sum, stage) => sum + stage.seconds, 0));
  const longest = Math.max(...sums);
  if (!(longest > 0)) return null;
  const step = Math.max(8, Math.min(36, Math.floor(360 / runs.length)));
  const width = runs.length * step;
  const used = stageNames.filter((name) =>
    runs.some(({ stages }) => stages.some((one) => one.name === name))
  );
  const last = sums.at(-1) ?? 0;
  return (
    <figure class="trend durations">
      <svg
        viewBox={`-54 0 ${width + 56} ${TALL + 12}`}
        width={width + 56}
        height={TALL + 12}
        role="img"
        aria-label={`Time of the stages over the last ${count(runs.length, "run")}: the longest took ${
          formatSeconds(longest * 1000)
        }, the last ${formatSeconds(last * 1000)}`}
      >
        {[0, 0.5, 1].map((part) => (
          <>
            <line class="grid" x1="0" x2={width} y1={6 + TALL * (1 - part)} y2={6 + TALL * (1 - part)} />
            <text x="-6" y={9.5 + TALL * (1 - part)}>{formatSeconds(longest * part * 1000)}</text>
          </>
        ))}
        {runs.map(({ run, stages }, at) => {
          let top = 6 + TALL;
          return (
            <g>
              <title>
                {`${subjectName(run.subject)} ${runLooks[run.state].word}: ${
                  stages.map((stage) => `${stage.name} ${formatSeconds(stage.seconds * 1000)}`)
                    .join(", ")
                }`}
              </title>
              {raw(
                stages.map((stage) => {
                  const height = TALL * stage.seconds / longest;
                  top -= height;
                  return bar({ stage: stage.name, x: at * step + 1, top, width: step - 2, height });
                }).join(""),
              )}
            </g>
          );
        })}
      </svg>
      <figcaption class="muted">
        Time of the stages: {used.map((name) => (
          <span class="key">
            <svg class="swatch" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
              <rect fill={stageFacts[name].colour} width="10" height="10" />
            </svg>{" "}
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** A chart has hundreds of them, and nothing in them can need escaping: as text they cost a tenth. */
function bar(of: { stage: StageName; x: number; top: number; width: number; height: number }): string {
  const { stage, x, top, width, height } = of;
  return `<rect fill="${stageFacts[stage].colour}" x="${x}" y="${top.toFixed(1)}" width="${width}" height="${
    height.toFixed(1)
  }"></rect>`;
}

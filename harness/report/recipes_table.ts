import stringWidth from "string-width";
import { ago } from "../../common/time.ts";
import type { RunState } from "../../protocol/dashboard_api.ts";
import { isEnrolmentFault, type RunResult, type StageName } from "../../protocol/result.ts";
import { oneLine } from "../../common/plain_text.ts";
import { glyphOf, runLooks, runVerbs } from "../../wording/outcomes.ts";
import { truncate, wrap } from "../../wording/text.ts";
import { hasLevel } from "../../wording/verdict.ts";

/** What came of a recipe's last run. */
export interface LastRun {
  state: RunState;
  /** What came of it, and where it ended or whose mistake it was: `failed in install`. */
  told: string;
  /** Null where it says nothing of the recipe. */
  level: number | null;
  /** Milliseconds since the epoch. */
  finishedAt: number;
}

/** The last run by its result. */
export function lastRunOf(result: RunResult): LastRun {
  return {
    state: result.result,
    told: isEnrolmentFault(result)
      ? `${runVerbs[result.result]} (enrolment)`
      : toldOf({ state: result.result, stage: result.stage }),
    level: hasLevel(result) ? result.level : null,
    finishedAt: Date.parse(result.finishedAt),
  };
}

/** Where a run stands, or how it ended and in which stage. */
export function toldOf({ state, stage }: { state: RunState; stage: StageName | null }): string {
  return `${runLooks[state].word}${stage === null ? "" : ` in ${stage}`}`;
}

/** An enrolled recipe with what its last run came to. */
export interface ListedRecipe {
  recipe: string;
  /** Null where nobody knows of a run. */
  last: LastRun | null;
  /** What no run shows of the app, each in a few words. */
  gaps: readonly string[];
  /** Whether its `recipe.yml` has a mistake. */
  invalid: boolean;
}

const GAP = 2;
/** Columns that the list of gaps needs to stand beside the others. */
const LEAST = 18;
const LONGEST_NAME = 28;

/** The recipes as a table of at most `width` columns; where that is too narrow, each as a paragraph. */
export function recipesTable(
  recipes: readonly ListedRecipe[],
  { width, now }: { width: number; now: number },
): string[] {
  const rows = recipes.map((one) => rowOf(one, now));
  const widths = [0, 1, 2, 3].map((at) =>
    Math.max(...[header, ...rows].map(({ cells }) => stringWidth(cells[at] ?? "")))
  );
  const before = widths.reduce((sum, one) => sum + one + GAP, 0);
  const room = width - before;
  if (room < LEAST) return paragraphs(rows, width);
  const line = (cells: readonly string[], last: string) =>
    [...cells.map((cell, at) => padded(cell, widths[at] ?? 0)), last].join(" ".repeat(GAP)).trimEnd();
  return [header, ...rows].flatMap(({ cells, gaps, mistake }) => {
    const [first = "", ...more] = wrap(gaps, room).map((text) => truncate(text, room));
    return [
      line(cells, first),
      ...more.map((text) => " ".repeat(before) + text),
      ...(mistake === null ? [] : [truncate(`  ${mistake}`, width)]),
    ];
  });
}

interface Row {
  /** Name, level, what came of the last run, and when. */
  cells: readonly [string, string, string, string];
  gaps: string;
  /** What is wrong with its enrolment, as a sentence of its own. */
  mistake: string | null;
}

const header: Row = {
  cells: ["recipe", "level", "last run", "when"],
  gaps: "not shown by runs",
  mistake: null,
};

function rowOf({ recipe, last, gaps, invalid }: ListedRecipe, now: number): Row {
  const name = truncate(recipe, LONGEST_NAME);
  const told = {
    gaps: gaps.map(oneLine).join("; "),
    mistake: invalid ? 'recipe.yml has a mistake: see "recipes check"' : null,
  };
  if (last === null) return { cells: [name, "–", "none known", ""], ...told };
  return {
    cells: [
      name,
      last.level === null ? "–" : String(last.level),
      `${glyphOf(runLooks[last.state])} ${last.told}`,
      ago(now - last.finishedAt),
    ],
    ...told,
  };
}

function paragraphs(rows: readonly Row[], width: number): string[] {
  return rows.flatMap(({ cells: [name, level, run, when], gaps, mistake }) => {
    const facts = [level === "–" ? "no level" : `level ${level}`, run, when].filter(Boolean).join(", ");
    const below = [
      facts,
      ...(gaps === "" ? [] : [`${header.gaps}: ${gaps}`]),
      ...(mistake === null ? [] : [mistake]),
    ];
    return [
      truncate(name, width),
      ...below.flatMap((text) => wrap(text, width - GAP)).map((text) => truncate(`  ${text}`, width)),
    ];
  });
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

import type { RunResult } from "../../protocol/result.ts";
import { formatSeconds } from "../../common/time.ts";
import {
  otherBlemishes,
  placeOf,
  resourcesText,
  runLists,
  uncleanFindings,
  visualText,
} from "../../wording/findings.ts";
import { glyphOf, runLooks } from "../../wording/outcomes.ts";
import { colours, type Painter } from "./terminal_lines.ts";
import { oneLine, plainText } from "../../common/plain_text.ts";
import { shorten, truncate, wrap } from "../../wording/text.ts";
import { blame, hasLevel, standInNote, testedName, verdict } from "../../wording/verdict.ts";

const LAST_LOG_LINES = 12;
/** Letters after which a line of a log, which some write as JSON with all that they know, is cut here. */
const LONGEST_LOG_LINE = 500;
const MOST_REMARKS = 6;

/** Where a reader finds more. */
export interface SummaryPaths {
  /** Path of report.html. */
  report?: string;
  screenshots?: string[];
  /** Page of the run on the dashboard. */
  url?: string;
}

/** The block that ends a run: verdict, cause, what else is worth knowing, and the report's address last. */
export function summaryLines(
  result: RunResult,
  { paths, paint, width }: { paths: SummaryPaths; paint: Painter; width: number },
): string[] {
  const columns = Math.max(40, Math.min(width, 110));
  const look = runLooks[result.result];
  const tint = paint[colours[look.tone]];
  const [first = "", ...rest] = wrap(oneLine(`${testedName(result)} ${verdict(result)}`), columns - 2);
  const lines = [
    "",
    tint(`${glyphOf(look)} ${paint.bold(first)}`),
    ...rest.map((line) => tint(`  ${paint.bold(line)}`)),
  ];

  const whose = blame(result);
  if (whose !== null) lines.push(...indented(`${whose}.`, columns));
  const culprit = result.stages.find((stage) => stage.name === result.stage);
  if (result.result !== "passed" && culprit !== undefined) {
    if (culprit.detail !== undefined && culprit.detail !== "") {
      lines.push("", ...indented(culprit.detail, columns));
    }
    if (culprit.tail.length > 0) {
      lines.push("", `  Last log lines of ${culprit.name}:`);
      for (const line of culprit.tail.slice(-LAST_LOG_LINES)) {
        const [begin = "", ...more] = wrap(shorten(oneLine(line), LONGEST_LOG_LINE), columns - 6);
        lines.push(paint.dim(`    ${begin}`), ...more.map((text) => paint.dim(`      ${text}`)));
      }
    }
  }
  lines.push("", ...indented(factsLine(result), columns));
  for (const text of [resourcesText(result), visualText(result)]) {
    if (text !== null) lines.push(paint.dim(`  ${truncate(oneLine(text), columns - 2)}`));
  }
  lines.push(...remarks(result).map((text) => paint.yellow(truncate(`  ${oneLine(text)}`, columns))));
  for (const { title, items } of runLists(result)) {
    lines.push(...indented(`${title}: ${items.map(oneLine).join("; ")}`, columns).map(paint.dim));
  }
  const standIn = standInNote(result);
  for (const note of [...(standIn === null ? [] : [standIn]), ...result.notes]) {
    lines.push(...indented(`Note: ${note}`, columns).map(paint.yellow));
  }
  if (result.leftovers.length > 0) {
    lines.push(
      ...indented(`Left behind: ${result.leftovers.map(oneLine).join(", ")}`, columns).map(paint.red),
    );
  }
  lines.push("");
  for (const screenshot of paths.screenshots ?? []) lines.push(`  Screenshot  ${screenshot}`);
  if (paths.url !== undefined) lines.push(`  Run page    ${paths.url}`);
  if (paths.report !== undefined) lines.push(`  Report      ${paths.report}`);
  return lines;
}

/** What keeps the run from being clean, one line each; the report has them all. */
function remarks(result: RunResult): string[] {
  const lintFailed = result.stages.some((stage) => stage.name === "lint" && stage.result === "failed");
  const all = [
    // A lint stage that failed has said its errors above.
    ...uncleanFindings(result).filter((one) => one.severity === "warning" || !lintFailed)
      .map((one) => `lint: ${placeOf(one)}: ${one.message}`),
    ...otherBlemishes(result).map(({ where, text }) => `${where}: ${text}`),
  ];
  const more = all.length - MOST_REMARKS;
  return more <= 0 ? all : [...all.slice(0, MOST_REMARKS), `and ${more} more, see the report`];
}

function factsLine(result: RunResult): string {
  const imposed = result.imposedSeconds > 0
    ? `, ${formatSeconds(result.imposedSeconds * 1000)} of it waiting that the recipe's own settings impose`
    : "";
  const upgraded = result.stages.some(({ name, result }) =>
    name === "upgrade" && !["skipped", "blocked"].includes(result)
  );
  const base = result.base === null || !upgraded ? "" : ` · upgraded from ${oneLine(result.base)}`;
  const level = hasLevel(result) ? `Level ${result.level} · ` : "";
  return `${level}${formatSeconds(result.seconds * 1000)}${imposed}${base}`;
}

function indented(text: string, columns: number): string[] {
  return wrap(plainText(text).trim(), columns - 2).map((line) => `  ${line}`);
}

import { formatSeconds } from "../../common/time.ts";
import type { RunResult, StageName, StageReport } from "../../protocol/result.ts";
import { otherBlemishes, placeOf, uncleanFindings, uncleanText } from "../../wording/findings.ts";
import { oneLine, plainLine } from "../../common/plain_text.ts";
import { truncate } from "../../wording/text.ts";
import { emojiOf, signs, stageLooks } from "../../wording/outcomes.ts";
import { stageText } from "../../wording/verdict.ts";

/** A stage that may not have ended yet; `RunView.stages` has this shape. */
export interface StageView {
  name: StageName;
  running: boolean;
  report: StageReport | null;
}

const MAX_TEXT = 400;
const MAX_LOG_LINES = 60;
const MAX_LOG_LINE = 300;
const MAX_FINDINGS = 15;
/** Invisible, and no part of any word: `@` and `#` followed by it are no mention and no reference. */
const WORD_JOINER = "\u2060";

/** The stages as a Markdown table. Whatever the texts hold, it stays one table of plain text. */
export function stageTable(stages: readonly (StageView | StageReport)[]): string {
  const rows = stages.map((stage) => {
    const view = "report" in stage ? stage : { name: stage.name, running: false, report: stage };
    return tableRow(view);
  });
  return ["| | stage | | time |", "|---|---|---|--:|", ...rows].join("\n");
}

function tableRow({ name, running, report }: StageView): string {
  const sign = emojiOf(stageLooks[report?.result ?? (running ? "running" : "waiting")]);
  if (report === null) return `| ${sign} | ${name} | | |`;
  const ran = report.result !== "skipped" && report.result !== "blocked";
  const time = ran ? formatSeconds(report.seconds * 1000) : "";
  const text = escapeMarkdown(stageText(report));
  return `| ${sign} | ${name} | ${text} | ${time} |`;
}

/**
 * Text from outside as Markdown that shows it literally, on one line, cut to 400 columns. Also undone is what a
 * forge finds in the finished text: mentions, references to issues, bare addresses, emoji names, formulas.
 */
export function escapeMarkdown(text: string): string {
  return truncate(oneLine(text), MAX_TEXT)
    .replace(/[\\`*_[\]|~$^{}]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/^(?:[-+#=]|\d{1,9}[.)])/, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`)
    .replace(/([@#!])(?=[\p{L}\p{N}_])/gu, `$1${WORD_JOINER}`)
    .replace(/:(?=\/\/)/g, `:${WORD_JOINER}`)
    .replace(/www(?=\.)/gi, (start) => start + WORD_JOINER)
    .replace(/:(?=[\w+-]+:)/g, `:${WORD_JOINER}`);
}

/** Text from outside as an inline code span; in a table a `|` needs another escape than elsewhere. */
export function codeSpan(text: string, options: { inTable?: boolean } = {}): string {
  const line = truncate(oneLine(text), MAX_TEXT);
  if (line === "") return "";
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = /^`|`$|^ .* $/.test(line) ? " " : "";
  return `${fence}${pad}${options.inTable ? line.replaceAll("|", "\\|") : line}${pad}${fence}`;
}

/** Lines of a log as a folded block, the last 60 of them. */
export function foldedLog(title: string, lines: readonly string[]): string {
  const shown = lines.slice(-MAX_LOG_LINES).map((line) => truncate(plainLine(line), MAX_LOG_LINE));
  const fence = "`".repeat(Math.max(3, longestRun(shown.join("\n")) + 1));
  const summary = oneLine(title).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
    .replace(/[@#!](?=\w)/g, `$&${WORD_JOINER}`);
  return [
    `<details><summary>${summary}</summary>`,
    "",
    `${fence}text`,
    ...shown,
    fence,
    "",
    "</details>",
  ].join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Texts from outside as a folded list under a title of ours. */
export function foldedList(title: string, texts: readonly string[]): string {
  const more = texts.length - MAX_FINDINGS;
  const items = texts.slice(0, MAX_FINDINGS).map((text) => `- ${escapeMarkdown(text)}`);
  const rest = more > 0 ? [`- and ${more} more, see the run's page`] : [];
  return [`<details><summary>${title}</summary>`, "", ...items, ...rest, "", "</details>"].join("\n");
}

/** What keeps the run from being clean as a folded list under its counts, or null when nothing does. */
export function foldedFindings(result: RunResult): string | null {
  const counts = uncleanText(result);
  if (counts === null) return null;
  const found = [
    ...uncleanFindings(result).map((one) =>
      `${signs[one.severity === "error" ? "failed" : "trouble"].emoji} ${escapeMarkdown(placeOf(one))}: ${
        escapeMarkdown(one.message)
      } ${codeSpan(one.rule)}`
    ),
    ...otherBlemishes(result).map(({ where, text }) => `${where}: ${escapeMarkdown(text)}`),
  ];
  const more = found.length - MAX_FINDINGS;
  const shown = more <= 0 ? found : [...found.slice(0, MAX_FINDINGS), `and ${more} more, see the run's page`];
  const items = shown.map((text) => `- ${text}`);
  return [`<details><summary>${counts}</summary>`, "", ...items, "", "</details>"].join("\n");
}

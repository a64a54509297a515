import type { StageName } from "../../protocol/result.ts";
import { lineToHtml } from "./ansi.ts";
import type { Deps } from "../views/deps.ts";
import type { RunDetail } from "../model/run.ts";
import type { LoggedEvent } from "../store/files.ts";
import type { LogPosition } from "../store/rows.ts";

/** Longest line shown in a page, in characters; the log as text has all of it. */
export const LONGEST_LINE = 4_000;

/** A line of a stage's log, ready to be shown. */
export interface LogLine {
  stage: StageName;
  /** Number within the stage, from 1: its public address. */
  number: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** As the recipe wrote it, colours and all. */
  text: string;
}

/**
 * Lines `from` (counted from 1) to `from + limit - 1` of a stage, as far as they exist. No more of the log is read than
 * what is between the first and the last of them, and of that no batch in which the stage said nothing.
 */
export async function readLines(
  deps: Pick<Deps, "store" | "files">,
  run: RunDetail,
  options: { stage: StageName; from: number; limit: number },
): Promise<LogLine[]> {
  const { stage } = options;
  const until = Math.min(options.from + options.limit, (run.progress.lines[stage] ?? 0) + 1);
  const lines: LogLine[] = [];
  let next = options.from;
  const place = () => deps.store.log.positionBeforeLine(run.run, { stage, number: next });
  let start: LogPosition | undefined = next < until ? place() : undefined;
  while (start !== undefined) {
    const reader: AsyncGenerator<LoggedEvent[]> = deps.files.read(run.run, start, run.bytes);
    let soughtFor = next;
    start = undefined;
    for await (const piece of reader) {
      const before = next;
      for (const { event, line } of piece) {
        if (event.type !== "log" || event.stage !== stage || line === null || line < next) continue;
        lines.push({ stage, number: line, at: Date.parse(event.t), text: event.line });
        next = line + 1;
        if (next >= until) return lines;
      }
      if (next > before || soughtFor === next) continue;
      // The stage fell silent: its next line may be far ahead.
      soughtFor = next;
      const ahead = place();
      if (ahead.event <= (piece.at(-1)?.index ?? 0)) continue;
      start = ahead;
      break;
    }
  }
  return lines;
}

/**
 * One line as it stands in pages. What the pages' script adds to them looks the same.
 * @param longest characters shown; of a longer line the beginning, and where to read the rest
 */
export function lineHtml(run: string, line: LogLine, longest = LONGEST_LINE): string {
  const { stage, number } = line;
  const href = `/runs/${run}/stages/${stage}?line=${number}#${stage}-${number}`;
  return `<div class="line" id="${stage}-${number}"><a href="${href}">${number}</a><span>${
    textHtml(run, line, longest)
  }</span></div>`;
}

/** What a line says, as markup. */
export function textHtml(run: string, { stage, text }: LogLine, longest = LONGEST_LINE): string {
  const rest = text.length <= longest
    ? ""
    : `<a href="/runs/${run}/log.txt?stage=${stage}">… ${text.length.toLocaleString("en")} characters</a>`;
  return lineToHtml(text.slice(0, longest)) + rest;
}

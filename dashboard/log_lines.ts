import type { StageName } from "../protocol/result.ts";
import { lineToHtml } from "./ansi.ts";
import type { Deps } from "./deps.ts";
import type { Run } from "./run.ts";

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

/** Lines `from` (counted from 1) to `from + limit - 1` of a stage, as far as they exist. */
export async function readLines(
  deps: Pick<Deps, "store" | "files">,
  run: Run,
  options: { stage: StageName; from: number; limit: number },
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const start = deps.store.log.positionBeforeLine(run.run, { stage: options.stage, number: options.from });
  for await (const batch of deps.files.read(run.run, start, run.bytes)) {
    for (const { event, line } of batch) {
      if (event.type !== "log" || event.stage !== options.stage || line === null || line < options.from) {
        continue;
      }
      if (lines.length >= options.limit) return lines;
      lines.push({ stage: event.stage, number: line, at: Date.parse(event.t), text: event.line });
      if (lines.length >= options.limit) return lines;
    }
  }
  return lines;
}

/** One line as it stands in pages and in the live stream. The markup is the same in both. */
export function lineHtml(run: string, line: LogLine): string {
  const href = `/runs/${run}/stages/${line.stage}?line=${line.number}#${line.stage}-${line.number}`;
  return `<div class="line" id="${line.stage}-${line.number}"><a href="${href}">${line.number}</a><span>${
    lineToHtml(line.text)
  }</span></div>`;
}

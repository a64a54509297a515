import type { RunResult, StageName, StageReport } from "../../protocol/result.ts";
import { CcciError } from "../../common/errors.ts";

/** A stage that may not have ended yet; `RunView.stages` has this shape. */
export interface StageView {
  name: StageName;
  running: boolean;
  report: StageReport | null;
}

/** The stages as a Markdown table. Whatever the texts hold, it stays one table of plain text. */
export function stageTable(stages: readonly (StageView | StageReport)[]): string {
  throw new CcciError("todo", String(stages.length));
}

/** The verdict in one line of Markdown, without links. */
export function verdictLine(result: RunResult): string {
  throw new CcciError("todo", result.run);
}

/** Text from outside as Markdown that shows it literally, on one line: no markup, mention, link or HTML in it works. */
export function escapeMarkdown(text: string): string {
  throw new CcciError("todo", text);
}

/** Text from outside as an inline code span. */
export function codeSpan(text: string): string {
  throw new CcciError("todo", text);
}

/** Lines of a log as a folded block. */
export function foldedLog(title: string, lines: readonly string[]): string {
  throw new CcciError("todo", `${title} ${lines.length}`);
}

import type { RunResult, StageName } from "../../protocol/result.ts";
import { CcciError } from "../../common/errors.ts";

export interface ReportInput {
  result: RunResult;
  /** Text of each stage's log, ANSI colours allowed. */
  logs: Partial<Record<StageName, string>>;
  /** PNG bytes by file name. */
  screenshots: Record<string, Uint8Array>;
  /** When each stage ran, for the timing chart, in seconds since the run's start. */
  timing?: Partial<Record<StageName, { from: number; to: number }>>;
}

/** The whole report as one HTML file that needs nothing else. */
export function renderReport(input: ReportInput): string {
  throw new CcciError("todo", input.result.run);
}

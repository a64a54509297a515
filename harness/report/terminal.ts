import type { RunEvent } from "../../protocol/events.ts";
import type { RunResult } from "../../protocol/result.ts";
import { CcciError } from "../../common/errors.ts";

export interface TerminalOptions {
  /** @default Deno.stderr.isTerminal() */
  tty?: boolean;
  /** Columns of the terminal, asked before each drawing. */
  columns?: () => number;
  /** @default Deno.stderr */
  write?: (text: string) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface TerminalReport extends Disposable {
  /** Takes every event of the run in order. */
  event(event: RunEvent): void;
  /** A line above the stage list, e.g. what is being waited for before the run starts. */
  note(text: string): void;
  /** The final block; the report's address comes last. */
  summary(result: RunResult, paths: { report?: string; screenshots?: string[]; url?: string }): void;
}

/** Shows a run in a terminal: a live list where there is one, plain lines where not. */
export function openTerminal(options: TerminalOptions = {}): TerminalReport {
  throw new CcciError("todo", String(options.tty));
}

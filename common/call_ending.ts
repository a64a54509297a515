import { CommanderError } from "commander";
import { UsageError } from "./errors.ts";

/**
 * How a command line ends that commander has read and could not carry out.
 * @param explain says why, and answers the exit code; what is wrong with the call itself it gets as a sentence
 * @returns the exit code: 0 where commander has answered by itself, as with help
 */
export function callEnding(error: unknown, explain: (error: unknown) => number): number {
  if (!(error instanceof CommanderError)) return explain(error);
  if (error.exitCode === 0) return 0;
  const said = error.code === "commander.help" ? 'Name a command: "--help" lists them' : error.message;
  return explain(new UsageError(callMistake(said)));
}

/** What commander says of a call that it cannot read, as a sentence. */
export function callMistake(said: string): string {
  return said.replace(/^error: /, "").replace(/^./, (letter) => letter.toUpperCase());
}

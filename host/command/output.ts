import { describeError } from "../../common/errors.ts";
import { complain, write } from "../../common/output.ts";
import type { Finding } from "../checks/preconditions.ts";
import { exitCodes, type Explained, explained, type Outcome } from "../errors.ts";

/** What became of one part of the host. */
export interface PartReport {
  part: string;
  outcome: Outcome;
  /** What was done, or would be; a sentence each. */
  steps: string[];
  /** Why it is not as it should be, and what to do. */
  message?: string;
  hint?: string;
}

/** Says of each thing whether it is there, one line each. @returns the exit code */
export function reportFindings(findings: readonly Finding[], { json = false }: { json?: boolean }): number {
  const outcome = worst(findings.map((one) => one.outcome));
  for (const one of findings) write(`${one.outcome === "converged" ? "✔" : "✖"} ${one.what}: ${one.text}\n`);
  if (json) write(`${JSON.stringify({ outcome, findings })}\n`);
  return exitCodes[outcome];
}

/** Says of each part how it ended. @returns the exit code */
export function reportParts(
  parts: readonly PartReport[],
  { json = false, dryRun = false }: { json?: boolean; dryRun?: boolean },
): number {
  const outcome = worst(parts.map((one) => one.outcome));
  const changed = !dryRun && parts.some(({ steps }) => steps.length > 0);
  for (const { part, outcome, steps, message, hint } of parts) {
    if (outcome === "converged") write(`✔ ${part}: ${ending(steps.length, dryRun)}\n`);
    else write(`✖ ${part}: ${[message, hint].filter((one) => one !== undefined).join(". ")}\n`);
  }
  if (json) write(`${JSON.stringify({ outcome, changed, parts })}\n`);
  return exitCodes[outcome];
}

function ending(steps: number, dryRun: boolean): string {
  if (steps === 0) return "as it should be, nothing to do";
  const count = steps === 1 ? "1 step" : `${steps} steps`;
  return dryRun ? `${count} to do` : `as it should be, after ${count}`;
}

const UNFORESEEN =
  "Nobody foresaw that: please report it to cc-ci's developers with all that is printed here";

/** What an error comes to, as the part of a report. What nobody foresaw leaves the other parts to be tried. */
export function reportOf(part: string, { error, steps }: { error: unknown; steps: string[] }): PartReport {
  const { outcome, message, hint } = explained(error) ?? unforeseen(error);
  return { part, outcome, steps, message, ...(hint === undefined ? {} : { hint }) };
}

/** Says why a command could not be carried out, and what to do. @returns the exit code */
export function explain(error: unknown, { json }: { json: boolean }): number {
  const { outcome, message, hint } = explained(error) ?? unforeseen(error);
  complain(hint === undefined ? message : `${message}. ${hint}`);
  if (json) write(`${JSON.stringify({ outcome, message, hint })}\n`);
  return exitCodes[outcome];
}

function unforeseen(error: unknown): Explained {
  if (error instanceof Error && error.stack !== undefined) complain(error.stack);
  return { outcome: "wrong", message: describeError(error), hint: UNFORESEEN };
}

function worst(outcomes: readonly Outcome[]): Outcome {
  return (["wrong", "usage", "not yet"] as const).find((one) => outcomes.includes(one)) ?? "converged";
}

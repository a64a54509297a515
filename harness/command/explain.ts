import { CcciError, describeError, UsageError } from "../../common/errors.ts";
import { complain, write } from "../../common/output.ts";
import { exitCodes } from "../../protocol/result.ts";

/**
 * Says why a command could not be carried out: a sentence for people; the stack only for those who look for a mistake
 * in this suite.
 * @returns the exit code
 */
export function explain(error: unknown, options: { json: boolean }): number {
  const message = describeError(error);
  complain(message);
  if (error instanceof CcciError && error.hint !== undefined) complain(error.hint);
  if (Deno.env.get("CCCI_DEBUG") === "1" && error instanceof Error) complain(String(error.stack));
  if (options.json) write(`${JSON.stringify({ result: null, error: message })}\n`);
  return error instanceof UsageError ? 2 : exitCodes.infra;
}

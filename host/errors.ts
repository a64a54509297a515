import { CcciError } from "../common/errors.ts";

/** How a call of the program ends, as a word and as an exit code; 2 is a call or settings that make no sense. */
export const exitCodes = { converged: 0, wrong: 1, usage: 2, "not yet": 3 } as const;
export type Outcome = keyof typeof exitCodes;

/**
 * Why a host cannot be as it should. What is `wrong` stays so until a person puts it right; what is `not yet` may come by
 * itself, so whoever started the program may start it again.
 */
export class HostError extends CcciError {
  readonly outcome: "wrong" | "not yet";

  constructor(
    outcome: "wrong" | "not yet",
    message: string,
    options: { hint: string; cause?: unknown },
  ) {
    super(outcome === "wrong" ? "host.wrong" : "host.not-yet", message, options);
    this.outcome = outcome;
  }
}

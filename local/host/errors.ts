import { CcciError } from "../../common/errors.ts";

/** A part of the local stack could not be built, started or stopped. */
export class StackError extends CcciError {
  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super("stack", message, options);
  }
}

/** Ctrl-C or TERM while something was brought up. */
export class Interrupted extends CcciError {
  constructor(
    signal: string,
    { hint = 'Starting again goes on from here; "./cc-ci down" takes away what is up' }: { hint?: string } =
      {},
  ) {
    super("interrupted", `Stopped half-way by ${signal}`, { hint });
  }
}

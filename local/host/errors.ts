import { CcciError } from "../../common/errors.ts";

/** A part of the local stack could not be built, started or stopped. */
export class StackError extends CcciError {
  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super("stack", message, options);
  }
}

import { CcciError, describeError, UsageError } from "../common/errors.ts";
import { fileTrouble } from "../common/file_trouble.ts";

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

/** What an error comes to for whoever started the program. */
export interface Explained {
  outcome: Exclude<Outcome, "converged">;
  message: string;
  /** What to do. */
  hint: string | undefined;
}

/** How errors end that say nothing of it themselves, and what to do about them, by their codes. */
const BY_CODE: Record<string, Pick<Explained, "outcome" | "hint">> = {
  "docker.away": {
    outcome: "not yet",
    hint: 'Look at "systemctl status docker", and start again once Docker answers.',
  },
  "docker.failed": { outcome: "not yet", hint: 'Look at what Docker says: "journalctl -u docker".' },
  "exec.missing": { outcome: "wrong", hint: "Install that program, then start again." },
  "env.value": { outcome: "wrong", hint: "Give that setting or secret another value, then start again." },
};

/** What an error comes to; null for one that nobody foresaw. */
export function explained(error: unknown): Explained | null {
  const message = describeError(error);
  if (error instanceof UsageError) return { outcome: "usage", message, hint: error.hint };
  const trouble = fileTrouble(error);
  // A host's error knows what it comes to, and its text may quote an app's log; only a full disk is behind everything.
  if (trouble?.passes) return { outcome: "not yet", message, hint: trouble.hint };
  if (error instanceof HostError) return { outcome: error.outcome, message, hint: error.hint };
  if (trouble !== null) return { outcome: "wrong", message, hint: trouble.hint };
  if (!(error instanceof CcciError)) return null;
  const { outcome, hint } = BY_CODE[error.code] ?? { outcome: "not yet", hint: "Start again." };
  return { outcome, message, hint: error.hint ?? hint };
}

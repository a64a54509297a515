import type { Lab } from "./lab.ts";

/**
 * How well a fact about abra is founded: `S` read in source code, `D` documented, `T` seen by others in use,
 * `R` remembered, `I` inferred. The last two wait for a confirmation by a run of this contract with a real abra.
 */
export type Sure = "S" | "D" | "T" | "R" | "I";

/** One thing the harness relies on. */
export interface Expectation {
  /** The call as the harness makes it, for the reader. */
  command: string;
  /** What must be true of it. */
  says: string;
  sure: Sure;
  /** Needs an engine that is a Swarm manager. @default false */
  swarm?: boolean;
  /** Needs a backup bot on the Swarm. @default false */
  bot?: boolean;
  /** Throws when it is not so. Checks run in the order of the specification, each on what the one before left. */
  check(lab: Lab): Promise<void>;
}

export function unconfirmed(sure: Sure): boolean {
  return sure === "R" || sure === "I";
}

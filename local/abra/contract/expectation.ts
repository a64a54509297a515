import type { Lab } from "./lab.ts";

/**
 * What a fact about abra rests on: `S` its source code, `D` its documents, `T` what others have seen abra 0.13 do, `R`
 * memory, `I` inference, `?` nothing yet. The last three are unverified until a run of this contract with a real abra
 * has confirmed them.
 */
export type Sure = "S" | "D" | "T" | "R" | "I" | "?";

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

const grounds: Record<Sure, string> = {
  S: "source",
  D: "documents",
  T: "seen by others",
  R: "unverified: remembered",
  I: "unverified: inferred",
  "?": "unverified",
};

export function unverified(sure: Sure): boolean {
  return grounds[sure].startsWith("unverified");
}

/**
 * What an expectation is verified by, in a few words.
 * @param tried version of the real abra that has just kept it; null: the stand-in, which proves nothing
 */
export function verifiedBy(sure: Sure, tried: string | null): string {
  if (tried === null) return grounds[sure];
  return unverified(sure) ? `abra ${tried}` : `${grounds[sure]}, abra ${tried}`;
}

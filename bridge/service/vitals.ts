/** What the loops leave behind for whoever asks how the bridge is. Times in milliseconds since the epoch. */
export interface Vitals {
  /** Last time everything the forge has could be read; `null` before the first. */
  polledAt: number | null;
  /** Last failure to read it, if the latest look failed. */
  pollFailure: string | null;
  /** Problems in the enrolments. */
  problems: readonly string[];
  /** What keeps the engine from being used. */
  engineProblems: readonly string[];
  /** Whether the maintenance switch is on. */
  maintenance: boolean;
}

import type { RunParams } from "../../protocol/params.ts";
import { exitCodes, type RunOutcome } from "../../protocol/result.ts";

/** What an engine knows of a run. */
export type EngineState =
  /** Never heard of it: starting it is safe. */
  | { kind: "unknown" }
  /** Accepted, but nothing runs yet. */
  | { kind: "waiting" }
  | { kind: "running" }
  /** The harness came to an end. Its exit code decides; `cause` is set where that code says nothing of the recipe. */
  | { kind: "ended"; outcome: RunOutcome; cause: string | null }
  /** It was started and is gone without a word. */
  | { kind: "lost"; cause: string }
  /** The engine does not answer. */
  | { kind: "away"; message: string };

/**
 * What a caller remembers of a run and tells the engine, which may have forgotten everything. Times in milliseconds
 * since the epoch.
 */
export interface Memory {
  /** No trace of the run is older. */
  since: number;
  /**
   * When the caller last asked the engine to start the run and was not told that nothing came of it; `null` if there
   * was no such call.
   */
  askedAt: number | null;
}

export type StartAnswer =
  | { ok: true }
  /**
   * `away`: nothing was sent, ask again later. `refused`: nothing came of it. `unsure`: it may be there, or still come
   * into being.
   */
  | { ok: false; kind: "away" | "refused" | "unsure"; message: string };

/** Where an engine shows a run. */
export interface EnginePage {
  /** As people call it: `Drone build 12`. */
  name: string;
  url: string;
}

/**
 * Runs the harness somewhere. Runs are known by `RUN` alone, so that a caller who lost its memory, or the answer,
 * finds them again.
 */
export interface Engine {
  readonly name: string;
  /** Runs it can have at a time. The bridge keeps the others back, so that the order stays its own. */
  readonly capacity: number;
  /** Whether its word that a run runs can be relied on. Where not, the harness' silence counts too. */
  readonly seesDeath: boolean;
  /** Starts a run unless one of that name was started before, or may just be coming into being. */
  start(params: RunParams, memory?: Memory): Promise<StartAnswer>;
  state(run: string, memory?: Memory): Promise<EngineState>;
  /** Asks a run to end; it then tears down and ends as cancelled. No-op for others.
   * @param options.gone its harness is known to be gone: what is left of the run is cleared away at once */
  cancel(run: string, options?: { gone?: boolean; memory?: Memory }): Promise<void>;
  /** Where people can see what it has of a run; `null` while it has not found that, or if it shows it to nobody. */
  page?(run: string): EnginePage | null;
  /** Removes what it keeps about runs that ended before this time, milliseconds since the epoch. */
  forget?(before: number): Promise<void>;
  /** What is wrong with its set-up, a sentence each that says what to do; nothing if it is usable. */
  problems(): Promise<string[]>;
}

/** What the harness' exit code means. Any code that is not a verdict is CI trouble, never the recipe's fault. */
export function outcomeOfExit(code: number): { outcome: RunOutcome; cause: string | null } {
  for (const outcome of ["passed", "failed", "infra", "cancelled", "timed_out"] as const) {
    if (exitCodes[outcome] === code) return { outcome, cause: null };
  }
  if (code === 2) return { outcome: "infra", cause: "The harness could not be called as it was" };
  if (code > 128 && code < 160) {
    return { outcome: "infra", cause: `The harness was ended by signal ${code - 128}` };
  }
  return { outcome: "infra", cause: `The harness ended with exit code ${code}` };
}

import { CcciError } from "../common/errors.ts";
import type { BrokerOptions } from "./broker.ts";

export interface TestRun {
  /** Absolute path of the test file. */
  file: string;
  broker: BrokerOptions;
  /** Folder for socket, import map and JUnit file; made and removed inside. */
  tmp: string;
  /** Path of the deno binary. */
  deno: string;
  /** Deno's cache for the child. @default inside tmp */
  denoDir?: string;
  timeoutMs: number;
  /** Sees the child's output line by line, ANSI colours kept. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export interface TestFailure {
  name: string;
  /** In plain words, first line says what is wrong. */
  message: string;
}

export interface TestOutcome {
  /** True only if at least one test ran and none failed. */
  ok: boolean;
  passed: number;
  failed: number;
  skipped: number;
  failures: TestFailure[];
  /** Why no verdict per test exists, if so. */
  problem: "no-tests" | "type-error" | "import-error" | "load-error" | "timeout" | "crashed" | null;
  /** One sentence for a report: `null` when `ok`. */
  cause: string | null;
  screenshots: string[];
  seconds: number;
}

/** Runs one test file in a child that can reach nothing but the broker's socket. */
export function runTests(run: TestRun): Promise<TestOutcome> {
  throw new CcciError("todo", run.file);
}

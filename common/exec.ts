import { LastBytes } from "./bounded_bytes.ts";
import { CcciError } from "./errors.ts";
import { formatSeconds } from "./time.ts";

export interface ExecOptions {
  cwd?: string;
  /** Added to the caller's environment, or the whole of it when `clearEnv` is set. */
  env?: Record<string, string>;
  clearEnv?: boolean;
  /** What the program reads on its standard input. @default nothing */
  input?: string;
  /** Hard limit in milliseconds; then TERM, and KILL 2 s later, go to the whole process group. @default 60000 */
  timeoutMs?: number;
  /** Bytes kept of each stream; of a longer one the end is kept. @default 1 MiB */
  maxBytes?: number;
  /** Sees every chunk as it arrives. */
  onOutput?: (chunk: Uint8Array, stream: "stdout" | "stderr") => void;
  /** When it aborts, the child is ended in the same way as when its time is over. */
  signal?: AbortSignal;
}

export interface ExecResult {
  argv: string[];
  /** Exit code; 128 + signal number when a signal ended the child. */
  code: number;
  /**
   * The signal that ended the child. {@linkcode exec} knows it; `runCommand` sees the exit code alone and leaves null
   * here.
   */
  signal: string | null;
  success: boolean;
  stdout: string;
  stderr: string;
  /** Whether the program wrote more to standard output than is kept, so that `stdout` is its end only. */
  cut: boolean;
  timedOut: boolean;
  /** Wall time in milliseconds. */
  ms: number;
}

/**
 * Environment variable that marks a process and all its descendants, so that they can be found after the process itself
 * has died. Descendants have to carry the mark too, so it is kept when `clearEnv` clears the rest.
 */
export const FAMILY = "CCCI_FAMILY";

/** A child process could not be started, failed, or ran out of time. Carries what it printed. */
export class ExecError extends CcciError {
  readonly result: ExecResult | undefined;

  constructor(message: string, options: { cause?: unknown; result?: ExecResult; code?: string } = {}) {
    super(options.code ?? "exec.failed", message, options);
    this.result = options.result;
  }
}

const KILL_AFTER_MS = 2_000;
/**
 * Looks for output that is still on its way once a program has ended, and milliseconds between them. What this process
 * has not come to read is read between two looks, however late they are.
 */
const DRAIN_LOOKS = 10;
const DRAIN_EVERY_MS = 100;

/**
 * Runs one program to its end and reports how it ended, whatever that was. It uses `Deno.Command`, which can tell a
 * child killed by a signal from a success. The child gets a session of its own, so that everything it starts can be
 * ended with it.
 * @throws {ExecError} only if the program could not be started: `exec.missing`, `exec.failed`
 */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new ExecError("Could not start a program: empty argument list");
  const started = performance.now();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...familyMark(), ...options.env },
      clearEnv: options.clearEnv ?? false,
      // Without input a prompt that nobody expected fails instead of waiting.
      stdin: options.input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (cause) {
    const code = cause instanceof Deno.errors.NotFound ? "exec.missing" : "exec.failed";
    throw new ExecError(`Could not start "${program}"`, { cause, code });
  }

  if (options.input !== undefined) {
    // A program need not read all of it, or any.
    new Blob([options.input]).stream().pipeTo(child.stdin).catch(() => {});
  }
  const limit = options.maxBytes ?? 1024 * 1024;
  const stdout = collect(child.stdout, limit, (chunk) => options.onOutput?.(chunk, "stdout"));
  const stderr = collect(child.stderr, limit, (chunk) => options.onOutput?.(chunk, "stderr"));

  let timedOut = false;
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  let ending: Promise<void> = Promise.resolve();
  const end = () => {
    if (killTimer !== undefined) return;
    ending = killGroup(child.pid, "TERM");
    killTimer = setTimeout(() => ending = killGroup(child.pid, "KILL"), KILL_AFTER_MS);
  };
  const deadline = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs ?? 60_000);
  if (options.signal?.aborted) end();
  options.signal?.addEventListener("abort", end, { once: true });

  const status = await child.status;
  clearTimeout(deadline);
  if (killTimer !== undefined) {
    clearTimeout(killTimer);
    await ending;
    await killGroup(child.pid, "KILL"); // members of the group that outlived their leader
  }
  options.signal?.removeEventListener("abort", end);
  // A grandchild that left the group may hold a pipe open. We read for another second and then stop listening to it.
  const drain = onceDrained(() => {
    stdout.cancel();
    stderr.cancel();
  });
  const [out, err] = await Promise.all([stdout.done, stderr.done]);
  clearInterval(drain);
  return {
    argv: [...argv],
    code: status.code,
    signal: status.signal,
    success: status.success && !timedOut,
    stdout: out,
    stderr: err,
    cut: stdout.kept.overflowed,
    timedOut,
    ms: performance.now() - started,
  };
}

/** Calls `then` when output that was on its way has had its time. @returns the timer, for whom that is too long */
export function onceDrained(then: () => void): ReturnType<typeof setInterval> {
  let looks = 0;
  return setInterval(() => {
    if (++looks === DRAIN_LOOKS) then();
  }, DRAIN_EVERY_MS);
}

/** The mark of this process' family, for a child whose environment is built from scratch. */
export function familyMark(): Record<string, string> {
  const name = Deno.env.get(FAMILY);
  return name === undefined ? {} : { [FAMILY]: name };
}

/** Like {@linkcode exec}, for callers that only go on after a success. @throws {ExecError} on any other end. */
export async function execOk(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  return okOnly(await exec(argv, options), options);
}

/** @throws {ExecError} unless the child ended well within its time */
export function okOnly(result: ExecResult, options: ExecOptions): ExecResult {
  if (result.success) return result;
  throw new ExecError(describeFailure(result, options), { result });
}

/** One sentence about a failed child: what was run, how it ended, and the last lines it printed. */
function describeFailure(result: ExecResult, options: ExecOptions): string {
  const name = result.argv.slice(0, 3).join(" ");
  const how = result.timedOut
    ? `ran longer than ${formatSeconds(options.timeoutMs ?? 60_000)}`
    : result.signal !== null
    ? `was ended by ${result.signal}`
    : `ended with exit code ${result.code}`;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-5).join("\n");
  return `"${name}" ${how}${said === "" ? "" : `: ${said}`}`;
}

/** Sends a signal to every process of a group. A group that is gone already is no error. */
export async function killGroup(pgid: number, signal: "TERM" | "KILL"): Promise<void> {
  await new Deno.Command("kill", {
    args: [`-${signal}`, "--", `-${pgid}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

function collect(stream: ReadableStream<Uint8Array>, limit: number, see: (chunk: Uint8Array) => void) {
  const reader = stream.getReader();
  const kept = new LastBytes(limit);
  const done = (async () => {
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      see(value);
      kept.add(value);
    }
    return kept.text();
  })();
  return { done, kept, cancel: () => void reader.cancel().catch(() => {}) };
}

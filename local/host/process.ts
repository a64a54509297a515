import { dirname, join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import { StackError } from "./errors.ts";

/** Identifies one process, also where a later one has got the same number. */
export interface ProcessId {
  pid: number;
  /** Clock ticks between boot and the start of the process (`/proc/PID/stat`, field 22). */
  start: string;
  /** `/proc/sys/kernel/random/boot_id`: after a reboot ticks count from zero again. */
  boot: string;
}

const PATIENCE_MS = 45_000;

export interface DetachedOptions {
  cwd: string;
  env: Record<string, string>;
  /** Both output streams go here; what an earlier process wrote is kept as `<log>.1`. */
  log: string;
  /** Where the process is remembered. */
  pidFile: string;
  /** Take only `env`, nothing of the caller's environment. @default false */
  clearEnv?: boolean;
}

/**
 * Starts a program that lives on after its starter: own session, no terminal, output in a file.
 * @throws {StackError} if it ends at once.
 */
export async function startDetached(argv: readonly string[], options: DetachedOptions): Promise<ProcessId> {
  await Deno.mkdir(dirname(options.log), { recursive: true });
  await Deno.mkdir(dirname(options.pidFile), { recursive: true });
  await Deno.rename(options.log, `${options.log}.1`).catch(() => {});
  // The shell only opens the log file; argv and file name reach it as parameters, not as text.
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", options.log, ...argv],
    cwd: options.cwd,
    env: options.env,
    clearEnv: options.clearEnv ?? false,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
  const start = startTime(child.pid);
  if (start === undefined) {
    throw new StackError(`Could not start "${argv[0]}": it ended at once`, { hint: `See ${options.log}` });
  }
  const id = { pid: child.pid, start, boot: bootId() };
  await writeAtomically(options.pidFile, JSON.stringify(id) + "\n");
  return id;
}

export interface AnswerOptions {
  /** The program as people read it, e.g. `the relay behind Traefik`. */
  name: string;
  log: string;
  /** Whether it answers as it should, right now. */
  answers(): Promise<boolean>;
  /** Milliseconds it has until then. */
  readyMs: number;
}

/**
 * Waits until a program that was just started answers.
 * @throws {StackError} if it ends instead, with the last lines of its log
 */
export async function untilAnswers(id: ProcessId, options: AnswerOptions): Promise<void> {
  const { name, log, answers, readyMs } = options;
  await waitFor(async () => {
    if (isRunning(id)) return await answers();
    const said = await Deno.readTextFile(log).catch(() => "");
    const end = said.trim().split("\n").slice(-6).join("\n");
    throw new StackError(`Could not start ${name}: it ended at once`, { hint: `${end}\nIts log: ${log}` });
  }, { what: `${name} to answer (log: ${log})`, timeoutMs: readyMs, everyMs: 50 });
}

/** Whether an address answers 200, right now. */
export async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** The process that a pid file names, if it still runs. A file whose process has ended counts as none. */
export function runningProcess(pidFile: string): ProcessId | undefined {
  try {
    const id: unknown = JSON.parse(Deno.readTextFileSync(pidFile));
    return isProcessId(id) && isRunning(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** As {@linkcode runningProcess}; where the pid file is lost, the process whose command line satisfies `match`. */
export function ownProcess(pidFile: string, match: (argv: string[]) => boolean): ProcessId | undefined {
  return runningProcess(pidFile) ?? findProcesses(match)[0];
}

/** Whether exactly this process (not one that took over its number) is alive. A zombie is not. */
export function isRunning(id: ProcessId): boolean {
  return id.boot === bootId() && startTime(id.pid) === id.start;
}

export interface StopOptions {
  /** Milliseconds between TERM and KILL. */
  graceMs: number;
  /** Signal the whole process group, if the process leads one. @default false */
  group?: boolean;
}

/** TERM, and KILL once the grace is over; resolves when the process is gone. Says whether there was one. */
export async function stopProcess(id: ProcessId | undefined, options: StopOptions): Promise<boolean> {
  if (id === undefined || !isRunning(id)) return false;
  const target = options.group === true && leadsGroup(id.pid) ? -id.pid : id.pid;
  send(target, "SIGTERM");
  const gone = () => !isRunning(id);
  try {
    await waitFor(gone, { what: "the process to end", timeoutMs: options.graceMs, everyMs: 50 });
  } catch {
    send(target, "SIGKILL");
    await waitFor(gone, { what: `process ${id.pid} to end`, timeoutMs: 10_000, everyMs: 50 });
  }
  if (target < 0) send(target, "SIGKILL"); // members that outlived their leader
  return true;
}

/**
 * Waits for a running program to answer, since one on a machine that is busy building may be silent for some seconds,
 * and starting it anew would not help.
 */
export async function answersInTime(answers: () => Promise<boolean>): Promise<boolean> {
  return await waitFor(answers, { what: "an answer", timeoutMs: PATIENCE_MS }).catch(() => false);
}

/** Processes whose command line satisfies `match`, for when the pid file is lost. */
export function findProcesses(match: (argv: string[]) => boolean): ProcessId[] {
  const found: ProcessId[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(entry.name)) continue;
    const argv = commandLine(Number(entry.name));
    const start = argv.length > 0 && match(argv) ? startTime(Number(entry.name)) : undefined;
    if (start !== undefined) found.push({ pid: Number(entry.name), start, boot: bootId() });
  }
  return found;
}

/** A process' children, their children and so on, at this moment. */
export function descendantsOf(root: ProcessId): ProcessId[] {
  const found = [root];
  const all = findProcesses(() => true).map((id) => ({ id, parent: parentOf(id.pid) }));
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid).map(({ id }) => id));
  return found.slice(1);
}

/** Arguments of a process; empty when it is gone or a kernel thread. */
export function commandLine(pid: number): string[] {
  try {
    return Deno.readTextFileSync(join("/proc", String(pid), "cmdline")).split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** Arguments of a process' parent at this moment. */
export function parentCommand(id: ProcessId): string[] {
  return commandLine(parentOf(id.pid));
}

/** When a process started. */
export function startedAt(id: ProcessId): Date {
  const uptime = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]);
  const ticksPerSecond = 100; // USER_HZ, fixed in Linux' user interface
  return new Date(systemClock.now() - (uptime - Number(id.start) / ticksPerSecond) * 1000);
}

/** Field 22 of `/proc/PID/stat`; nothing for a process that is gone or only waits to be collected. */
function startTime(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function leadsGroup(pid: number): boolean {
  return Number(statFields(pid)[2] ?? 0) === pid;
}

export function parentOf(pid: number): number {
  return Number(statFields(pid)[1] ?? 0);
}

/** `/proc/PID/stat` from its third field, the state, on. */
function statFields(pid: number): string[] {
  try {
    const stat = Deno.readTextFileSync(join("/proc", String(pid), "stat"));
    // The second field is the program's name in brackets and may itself hold blanks and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

function bootId(): string {
  return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    Deno.kill(pid, signal);
  } catch { /* gone in between */ }
}

function isProcessId(value: unknown): value is ProcessId {
  return typeof value === "object" && value !== null && "pid" in value && typeof value.pid === "number" &&
    "start" in value && typeof value.start === "string" && "boot" in value && typeof value.boot === "string";
}

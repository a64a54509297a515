import { LastBytes } from "./bounded_bytes.ts";
import { ExecError, type ExecOptions, type ExecResult, familyMark, okOnly, onceDrained } from "./exec.ts";
import { EndMark } from "./end_mark.ts";

/** What a program has after TERM before dax is no longer waited for: 2 s until KILL, and a busy machine's time. */
const GIVE_UP_MS = 8_000;
/** dax loses a signal that it is asked to send while it starts the child, so it is asked again (Deno sends only one). */
const REPEAT_MS = 100;

/**
 * This shell script stands between dax and the program. Without it dax takes a child that a signal ended for a success,
 * reaches only the child itself when its time is over, and cannot send it a second signal. The script gives the program
 * a session of its own, lets `timeout` pass one TERM on to the whole process group and send KILL 2 s later (with 0,
 * `timeout` sets no time limit itself), and leaves nothing of the group alive, because a process that stayed behind
 * would hold open the pipe that dax reads to its end. Its last words are the mark and the program's exit code
 * (128 + number after a signal): whoever ends the script itself keeps it from saying them. Ctrl-C is for our own process
 * to act on, so the script takes no notice of it. It removes the variables that dax and the shell add to the
 * environment, because a program may hand its whole environment on, as abra does. A child that is still a copy of the
 * script when it is told to end may forget that, so the script tells it again until it has become another program or ended.
 */
const GUARD = `
mark=$1 child= asked= told=
shift
tell() {
  asked=1
  test -n "$child" && test -z "$told" || return 0
  told=1
  while name= state=
    read -r pid name state rest <"/proc/$child/stat"
    kill -TERM "$child"
    test "$name" = "(sh)" && test "$state" != Z
  do :; done 2>/dev/null
}
trap tell TERM
trap : INT HUP QUIT
setsid timeout -k 2 0 env -u PWD -u OLDPWD -u SHLVL -u _ "$@" &
child=$!
test -z "$asked" || tell
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
kill -KILL "-$child" 2>/dev/null
printf '\\000%s %s\\000' "$mark" "$code"
exit "$code"`;

/** Stands for the exit code of a program of which nobody could say how it ended: 128 + KILL. */
const UNKNOWN = 137;

/**
 * Runs one program to its end through dax and reports how it ended, whatever that was. It takes and returns the same as
 * {@linkcode exec}, and is for programs that are called once and start nothing that has to stay. dax is loaded at the
 * first call, so that a program which rarely calls another starts without loading it.
 * @throws {ExecError} only if the program could not be started: `exec.missing`, `exec.failed`
 * @throws the signal's reason if that aborted before the program was started
 */
export async function runCommand(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program] = argv;
  if (program === undefined) throw new ExecError("Could not start a program: empty argument list");
  options.signal?.throwIfAborted();
  const { $, CommandBuilder, KillController } = await import("@david/dax");
  if (await $.which(program) === undefined) {
    throw new ExecError(`Could not start "${program}": it is not installed`, { code: "exec.missing" });
  }
  options.signal?.throwIfAborted();
  const started = performance.now();
  const limit = options.maxBytes ?? 1024 * 1024;
  const kept = { stdout: new LastBytes(limit), stderr: new LastBytes(limit) };
  const take = (stream: "stdout" | "stderr") => (chunk: Uint8Array) => {
    options.onOutput?.(chunk, stream);
    kept[stream].add(chunk);
  };
  const timers: ReturnType<typeof setTimeout>[] = [];
  const gone = Promise.withResolvers<void>();
  const later = (ms: number) => timers.push(setTimeout(gone.resolve, ms));
  // A process that left the group may hold the pipes open.
  const found = () => timers.push(onceDrained(gone.resolve));
  const mark = new EndMark({ id: crypto.randomUUID(), take: take("stdout"), found });
  const takeError = take("stderr");

  const killer = new KillController();
  let timedOut = false;
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    killer.kill("SIGTERM");
    timers.push(setInterval(() => killer.kill("SIGTERM"), REPEAT_MS));
    later(GIVE_UP_MS);
  };
  timers.push(setTimeout(() => {
    if (mark.code !== null) return; // it has ended, and only what it left is waited for
    timedOut = true;
    end();
  }, options.timeoutMs ?? 60_000));
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    let command = new CommandBuilder()
      .command(["sh", "-c", GUARD, "sh", mark.id, ...argv])
      .clearEnv(options.clearEnv ?? false)
      .env({ ...familyMark(), ...options.env })
      .stdin("null") // so that a prompt nobody expected fails instead of waiting
      // dax reuses an array as soon as these functions have returned.
      .stdout(new WritableStream<Uint8Array>({ write: (chunk) => mark.write(chunk.slice()) }))
      .stderr(new WritableStream<Uint8Array>({ write: (chunk) => takeError(chunk.slice()) }))
      .signal(killer.signal)
      .noThrow();
    if (options.cwd !== undefined) command = command.cwd(options.cwd);
    const running = ended(command, program);
    await Promise.race([running, gone.promise]);
    running.catch(() => {}); // of one that is not waited for any more
    mark.close();
    const code = mark.code ?? UNKNOWN;
    return {
      argv: [...argv],
      code,
      signal: null,
      success: code === 0 && !timedOut,
      stdout: kept.stdout.text(),
      stderr: kept.stderr.text(),
      cut: kept.stdout.overflowed,
      timedOut,
      ms: performance.now() - started,
    };
  } finally {
    timers.forEach(clearTimeout);
    options.signal?.removeEventListener("abort", end);
  }
}

/** Waits for dax. @throws {ExecError} where it could not start anything */
async function ended(command: PromiseLike<unknown>, program: string): Promise<void> {
  try {
    await command;
  } catch (cause) {
    throw new ExecError(`Could not start "${program}"`, { cause, code: "exec.failed" });
  }
}

/** Like {@linkcode runCommand}, for callers that only go on after a success. @throws {ExecError} on any other end. */
export async function runCommandOk(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  return okOnly(await runCommand(argv, options), options);
}

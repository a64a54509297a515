import { ExecError, type ExecOptions, type ExecResult, familyMark, okOnly, OutputEnd } from "./exec.ts";

/**
 * This shell script stands between dax and the program. Without it dax takes a child that a signal ended for a success,
 * reaches only the child itself when its time is over, and cannot send it a second signal. The script gives the program
 * a session of its own, lets `timeout` pass TERM on to the whole process group and send KILL 2 s later (with 0,
 * `timeout` sets no time limit itself), and ends with the program's exit code (128 + number after a signal). It leaves
 * nothing of the group alive, because a process that stayed behind would hold open the pipe that dax reads to its end.
 * It removes the variables that dax and the shell add to the environment, because a program may hand its whole
 * environment on, as abra does.
 */
const GUARD = `
trap 'kill -TERM "$child"' TERM
setsid timeout -k 2 0 env -u PWD -u OLDPWD -u SHLVL -u _ "$@" &
child=$!
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
kill -KILL "-$child" 2>/dev/null
exit "$code"`;

/**
 * Runs one program to its end through dax and reports how it ended, whatever that was. It takes and returns the same as
 * {@linkcode exec}, and is for programs that are called once and start nothing that has to stay. dax is loaded at the
 * first call, so that a program which rarely calls another starts without loading it.
 * @throws {ExecError} only if the program could not be started: `exec.missing`
 * @throws the signal's reason if that aborted before the call
 */
export async function runCommand(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program] = argv;
  if (program === undefined) throw new ExecError("Could not start a program: empty argument list");
  options.signal?.throwIfAborted();
  const { $, CommandBuilder, KillController } = await import("@david/dax");
  if (await $.which(program) === undefined) {
    throw new ExecError(`Could not start "${program}": it is not installed`, { code: "exec.missing" });
  }
  const started = performance.now();
  const limit = options.maxBytes ?? 1024 * 1024;
  const kept = { stdout: new OutputEnd(limit), stderr: new OutputEnd(limit) };
  const into = (stream: "stdout" | "stderr") =>
    new WritableStream<Uint8Array>({
      write(chunk) {
        // dax reuses the array as soon as this function has returned.
        const copy = chunk.slice();
        options.onOutput?.(copy, stream);
        kept[stream].add(copy);
      },
    });

  const killer = new KillController();
  let timedOut = false;
  const end = () => killer.kill("SIGTERM");
  const deadline = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs ?? 60_000);
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    let command = new CommandBuilder()
      .command(["sh", "-c", GUARD, "sh", ...argv])
      .clearEnv(options.clearEnv ?? false)
      .env({ ...familyMark(), ...options.env })
      .stdin("null") // so that a prompt nobody expected fails instead of waiting
      .stdout(into("stdout"))
      .stderr(into("stderr"))
      .signal(killer.signal)
      .noThrow();
    if (options.cwd !== undefined) command = command.cwd(options.cwd);
    const { code } = await command;
    return {
      argv: [...argv],
      code,
      signal: null,
      success: code === 0 && !timedOut,
      stdout: kept.stdout.text(),
      stderr: kept.stderr.text(),
      timedOut,
      ms: performance.now() - started,
    };
  } finally {
    clearTimeout(deadline);
    options.signal?.removeEventListener("abort", end);
  }
}

/** Like {@linkcode runCommand}, for callers that only go on after a success. @throws {ExecError} on any other end. */
export async function runCommandOk(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  return okOnly(await runCommand(argv, options), options);
}

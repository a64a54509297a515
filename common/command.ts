import { ExecError, type ExecOptions, type ExecResult, familyMark, okOnly, OutputEnd } from "./exec.ts";

/**
 * Stands between dax and the program, because dax on its own takes a child that a signal ended for a success, reaches
 * only the child itself when its time is over, and can send it no second signal. The guard gives the program a
 * session of its own, has `timeout` pass TERM on to all of its process group and KILL 2 s later (the 0 stands for no
 * time limit of `timeout` itself), ends by the program's exit code (128 + number after a signal), and leaves nothing
 * of the group alive: a process that stayed behind would hold the pipe that dax reads to its end. Variables that dax
 * and the shell set of their own accord are taken away again, because abra hands on all that it has.
 */
const GUARD = `
trap 'kill -TERM "$child"' TERM
setsid timeout -k 2 0 env -u PWD -u OLDPWD -u SHLVL -u _ "$@" &
child=$!
while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
kill -KILL "-$child" 2>/dev/null
exit "$code"`;

/**
 * Runs one program to its end through dax and reports how it ended, whatever that was: the same call as
 * {@linkcode exec}, for programs that are called once and start nothing that is to stay. dax is loaded at the first
 * call, so that a program which only may have to call another does not start later for it.
 * @throws {ExecError} only if the program could not be started: `exec.missing`
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
        // dax fills the array again once this has returned.
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
      .stdin("null") // a forgotten prompt fails
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

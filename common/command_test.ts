import assert from "node:assert/strict";
import { runCommand, runCommandOk } from "./command.ts";
import { exec, ExecError } from "./exec.ts";
import { processGone } from "./testing/process_gone.ts";

Deno.test("runCommand() tells exit code and both streams, and hands arguments over as they are", async () => {
  const ended = await runCommand(["sh", "-c", "echo out; echo err >&2; exit 3"]);
  assert.deepEqual([ended.code, ended.success, ended.stdout, ended.stderr], [3, false, "out\n", "err\n"]);
  const odd = ["", "a b", "$HOME", "'", '"', "*", ";", "\\", "-n", "a\nb", "é", "x=1", "--", "`id`", "~"];
  const said = await runCommandOk(["printf", "<%s>", ...odd]);
  assert.equal(said.stdout, odd.map((word) => `<${word}>`).join(""));
});

for (const [signal, code] of [["KILL", 137], ["TERM", 143], ["SEGV", 139]] as const) {
  Deno.test(`runCommand() does not take a program that ${signal} ended for a success`, async () => {
    const ended = await runCommand(["sh", "-c", `kill -${signal} $$`]);
    assert.deepEqual([ended.code, ended.success, ended.timedOut], [code, false, false]);
  });
}

Deno.test("runCommand() gives the child no input: what asks for some reads its end", async () => {
  const asked = await runCommand(["sh", "-c", "read answer || echo nothing"]);
  assert.equal(asked.stdout, "nothing\n");
});

Deno.test("runCommand() ends a program that is over time, with what it started", async () => {
  // Long enough for a busy machine to start all of it.
  const late = await runCommand(["sh", "-c", "sleep 60 & echo $!; wait"], { timeoutMs: 5_000 });
  assert.deepEqual([late.timedOut, late.success], [true, false]);
  assert.ok(late.ms < 30_000, `${late.ms} ms`);
  await processGone(late.stdout.trim());
});

Deno.test("runCommand() ends what does not obey TERM, also when its exit code would be a success", async () => {
  // Long enough for a busy machine to set the traps: whoever is told to end before that ends.
  const [stubborn, polite, left] = await Promise.all([
    runCommand(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], { timeoutMs: 5_000 }),
    runCommand(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.02; done"], { timeoutMs: 5_000 }),
    runCommand(["sh", "-c", "(trap '' TERM; while :; do sleep 0.05; done) & echo $!; wait"], {
      timeoutMs: 5_000,
    }),
  ]);
  assert.equal(stubborn.success, false);
  assert.equal(polite.success, false, "over time is no success");
  assert.equal(left.success, false);
  await processGone(left.stdout.trim());
});

Deno.test("runCommand() does not wait for a process that stays behind and holds the pipe", async () => {
  const ended = await runCommand(["sh", "-c", "sleep 60 & echo $!"]);
  assert.equal(ended.success, true);
  assert.ok(ended.ms < 30_000, `${ended.ms} ms`);
  await processGone(ended.stdout.trim());
});

Deno.test("runCommand() ends a program when its signal aborts, and starts none after that", async () => {
  const stop = new AbortController();
  const ended = await runCommand(["sh", "-c", "echo ready; sleep 60"], {
    signal: stop.signal,
    onOutput: () => stop.abort(new Error("Enough")),
  });
  assert.equal(ended.success, false);
  assert.ok(ended.ms < 30_000, `${ended.ms} ms`);
  await assert.rejects(runCommand(["true"], { signal: stop.signal }), /Enough/);
});

Deno.test("runCommand() ends a program also when its signal aborts while it is being started", async () => {
  await runCommand(["true"]); // dax is loaded
  for (let after = 0; after < 30; after += 3) {
    const stop = new AbortController();
    const ended = runCommand(["sh", "-c", "exec sleep 60"], { signal: stop.signal });
    const timer = setTimeout(() => stop.abort(new Error("Enough")), after);
    const { success, ms } = await ended.catch(() => ({ success: false, ms: 0 }));
    clearTimeout(timer);
    assert.equal(success, false);
    assert.ok(ms < 30_000, `${ms} ms after an abort at ${after} ms`);
  }
});

Deno.test("runCommand() takes nothing for a success of which nobody could say how it ended", async () => {
  // The guard is the parent of `timeout`, which is the parent of this shell.
  const ended = await runCommand(["sh", "-c", 'kill -KILL $(ps -o ppid= -p "$PPID")']);
  assert.deepEqual([ended.code, ended.success, ended.timedOut], [137, false, false]);
});

Deno.test("runCommand() goes on when the guard is told of Ctrl-C, which is for the caller to act on", async () => {
  const script = 'guard=$(ps -o ppid= -p "$PPID"); kill -INT $guard; kill -HUP $guard; echo done';
  const ended = await runCommand(["sh", "-c", script]);
  assert.deepEqual([ended.success, ended.stdout], [true, "done\n"]);
});

/** Waits in a script until what was started last has left the group, whose members end with the script. */
const outside = 'until test "$(ps -o sid= -p $!)" -eq "$!"; do :; done';

Deno.test({
  name: "runCommand() does not wait for a pipe that somebody outside the group holds open",
  // dax reads that pipe until the other one closes it.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const ended = await runCommand(["sh", "-c", `setsid sleep 60 & echo $!; ${outside}`], {
      timeoutMs: 50_000,
    });
    Deno.kill(Number(ended.stdout.trim()), "SIGKILL");
    assert.deepEqual([ended.success, ended.timedOut], [true, false]);
    assert.ok(ended.ms < 30_000, `${ended.ms} ms`);
  },
});

Deno.test({
  name:
    "runCommand() takes a program for ended in time that has ended, also while somebody holds its pipe open",
  // dax reads that pipe until the other one closes it.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const timeoutMs = 50_001;
    const { setTimeout, setInterval } = globalThis;
    let late = () => {};
    let waits = false;
    globalThis.setTimeout = ((call: () => void, ms: number) => {
      if (ms === timeoutMs) late = call;
      return setTimeout(call, ms);
    }) as typeof setTimeout;
    // How a program ended is known from the moment at which what it left begins to be waited for.
    globalThis.setInterval = ((call: () => void, ms: number) => {
      waits = true;
      late();
      return setInterval(call, ms);
    }) as typeof setInterval;
    try {
      const ended = await runCommand(["sh", "-c", `setsid sleep 60 & echo $!; ${outside}`], { timeoutMs });
      Deno.kill(Number(ended.stdout.trim()), "SIGKILL");
      assert.deepEqual([waits, ended.success, ended.timedOut], [true, true, false]);
    } finally {
      Object.assign(globalThis, { setTimeout, setInterval });
    }
  },
});

Deno.test("runCommand() hands on output with any bytes in it, and keeps its own last words back", async () => {
  const bytes: number[] = [];
  const ended = await runCommand(["printf", "a\\0b\\0\\0%s", "0123456789-abc \n"], {
    onOutput: (chunk) => void bytes.push(...chunk),
  });
  assert.equal(new TextDecoder().decode(new Uint8Array(bytes)), "a\0b\0\0" + "0123456789-abc \n");
  assert.equal(ended.success, true);
  await assert.rejects(
    runCommand(["true"], { cwd: "/no/such/folder" }),
    (error) => error instanceof ExecError && error.code === "exec.failed",
  );
});

Deno.test("runCommand() keeps the end of what is printed beyond its limit", async () => {
  const long = await runCommand(["sh", "-c", "seq 1 100000"], { maxBytes: 100 });
  assert.deepEqual([long.cut, (await runCommand(["seq", "9"], { maxBytes: 18 })).cut], [true, false]);
  assert.equal(long.stdout.length, 100);
  assert.ok(long.stdout.endsWith("99999\n100000\n"));
  const whole = await runCommand(["sh", "-c", "seq 1 20000"]);
  assert.equal(whole.stdout, (await exec(["seq", "1", "20000"])).stdout);
});

Deno.test("runCommand() can keep the caller's environment from the child, and sets its folder", async () => {
  const PATH = Deno.env.get("PATH") ?? "";
  const seen = await runCommand(["env"], { clearEnv: true, env: { PATH, ONLY: "this" } });
  const names = seen.stdout.trim().split("\n").map((line) => line.split("=")[0]).sort();
  assert.deepEqual(names.filter((name) => name !== "CCCI_FAMILY"), ["ONLY", "PATH"]);
  assert.equal((await runCommand(["pwd"], { cwd: "/" })).stdout, "/\n");
});

Deno.test("runCommandOk() says what failed, how, and its last words; a missing program is named", async () => {
  await assert.rejects(
    runCommandOk(["sh", "-c", "echo first; echo last >&2; exit 4"]),
    (error) => error instanceof ExecError && /"sh -c .*ended with exit code 4: last/s.test(error.message),
  );
  await assert.rejects(
    runCommand(["no-such-program-here"]),
    (error) => error instanceof ExecError && error.code === "exec.missing",
  );
});

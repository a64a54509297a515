import assert from "node:assert/strict";
import { exec, ExecError, execOk } from "./exec.ts";
import { processGone } from "./testing/process_gone.ts";

Deno.test("exec() tells exit code, both streams and a signal", async () => {
  const ended = await exec(["sh", "-c", "echo out; echo err >&2; exit 3"]);
  assert.deepEqual([ended.code, ended.success, ended.stdout, ended.stderr], [3, false, "out\n", "err\n"]);
  const killed = await exec(["sh", "-c", "kill -KILL $$"]);
  assert.equal(killed.signal, "SIGKILL");
  assert.equal(killed.success, false);
});

Deno.test("exec() gives the child no input: what asks for some reads its end", async () => {
  const asked = await exec(["sh", "-c", "read answer || echo nothing"]);
  assert.equal(asked.stdout, "nothing\n");
});

Deno.test("exec() gives the child the input of its caller, also where the child does not read it", async () => {
  const long = "a line\n".repeat(100_000);
  const [read, ignored] = await Promise.all([
    exec(["wc", "-c"], { input: long }),
    exec(["sh", "-c", "exit 3"], { input: long }),
  ]);
  assert.equal(read.stdout, "700000\n");
  assert.equal(ignored.code, 3);
});

Deno.test("exec() ends a child that is over time, with what it started", async () => {
  // Long enough for a busy machine to start all of it.
  const late = await exec(["sh", "-c", "sleep 60 & echo $!; wait"], { timeoutMs: 5_000 });
  assert.equal(late.timedOut, true);
  assert.equal(late.success, false);
  const grandchild = Number(late.stdout);
  assert.ok(grandchild > 1);
  await processGone(grandchild);
});

Deno.test("exec() ends a child that does not obey TERM, also when its exit code would be a success", async () => {
  // Long enough for a busy machine to set the traps: whoever is told to end before that ends.
  const [stubborn, polite] = await Promise.all([
    exec(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], { timeoutMs: 5_000 }),
    exec(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.02; done"], { timeoutMs: 5_000 }),
  ]);
  assert.equal(stubborn.signal, "SIGKILL");
  assert.equal(polite.code, 0);
  assert.equal(polite.success, false, "over time is no success");
});

Deno.test("exec() ends a child when its signal aborts", async () => {
  const stop = new AbortController();
  const ended = exec(["sh", "-c", "echo ready; sleep 60"], {
    signal: stop.signal,
    onOutput: () => stop.abort(),
  });
  assert.equal((await ended).success, false);
});

Deno.test("exec() does not wait for a pipe that somebody outside the group holds open", async () => {
  const ended = await exec(["sh", "-c", "setsid sleep 30 & echo $!"]);
  assert.ok(ended.ms < 15_000);
  await exec(["pkill", "-KILL", "-s", ended.stdout.trim()]);
});

Deno.test("exec() keeps the end of what is printed beyond its limit", async () => {
  const long = await exec(["sh", "-c", "seq 1 5000"], { maxBytes: 100 });
  assert.deepEqual([long.cut, (await exec(["seq", "9"], { maxBytes: 18 })).cut], [true, false]);
  assert.equal(long.stdout.length, 100);
  assert.ok(long.stdout.endsWith("4999\n5000\n"));
});

Deno.test("exec() can keep the caller's environment from the child", async () => {
  const seen = await exec(["/usr/bin/env"], { clearEnv: true, env: { ONLY: "this" } });
  assert.equal(seen.stdout, "ONLY=this\n");
});

Deno.test("execOk() says what failed, how, and its last words", async () => {
  await assert.rejects(
    execOk(["sh", "-c", "echo first; echo last >&2; exit 4"]),
    (error) => error instanceof ExecError && /"sh -c .*ended with exit code 4: last/s.test(error.message),
  );
  await assert.rejects(
    exec(["no-such-program-here"]),
    (error) => error instanceof ExecError && error.code === "exec.missing",
  );
});

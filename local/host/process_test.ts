import assert from "node:assert/strict";
import { join } from "node:path";
import { waitFor } from "../../common/time.ts";
import {
  descendantsOf,
  isRunning,
  ownProcess,
  type ProcessId,
  runningProcess,
  startDetached,
  stopProcess,
  untilAnswers,
} from "./process.ts";

interface Started extends AsyncDisposable {
  folder: string;
  id: ProcessId;
  pidFile: string;
  log: string;
}

/** A detached shell in a folder of its own; ended with its group when the test is over. */
async function start(script: string): Promise<Started> {
  const folder = await Deno.makeTempDir();
  const pidFile = join(folder, "pids", "it.json");
  const log = join(folder, "it.log");
  const id = await startDetached(["sh", "-c", script], { cwd: folder, env: {}, log, pidFile });
  return {
    folder,
    id,
    pidFile,
    log,
    async [Symbol.asyncDispose]() {
      await stopProcess(id, { graceMs: 0, group: true });
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function said(log: string, text: string): Promise<void> {
  await waitFor(async () => (await Deno.readTextFile(log).catch(() => "")).includes(text), {
    what: `"${text}" in the log`,
    timeoutMs: 60_000,
    everyMs: 10,
  });
}

Deno.test("startDetached() starts a process that its pid file finds again", async () => {
  await using it = await start("echo hello; exec sleep 60");
  await said(it.log, "hello");
  assert.deepEqual(runningProcess(it.pidFile), it.id);
});

Deno.test("startDetached() keeps what an earlier process wrote", async () => {
  await using it = await start("echo first; exec sleep 60");
  await said(it.log, "first");
  const next = await startDetached(["sh", "-c", "echo second; exec sleep 60"], {
    cwd: it.folder,
    env: {},
    log: it.log,
    pidFile: join(it.folder, "next.json"),
  });
  await said(it.log, "second");
  assert.equal((await Deno.readTextFile(`${it.log}.1`)).trim(), "first");
  await stopProcess(next, { graceMs: 0 });
});

Deno.test("untilAnswers() says of a program that ended how its log ends, and waits for one that runs", async () => {
  await using it = await start("seq 1 9; exec sleep 60");
  await said(it.log, "9");
  let asked = 0;
  const options = { name: "it", log: it.log, readyMs: 60_000 };
  await untilAnswers(it.id, { ...options, answers: () => Promise.resolve(++asked === 3) });
  assert.equal(asked, 3);
  await stopProcess(it.id, { graceMs: 0 });
  await assert.rejects(untilAnswers(it.id, { ...options, answers: () => Promise.resolve(true) }), {
    message: "Could not start it: it ended at once",
    hint: `4\n5\n6\n7\n8\n9\nIts log: ${it.log}`,
  });
});

Deno.test("a pid file whose number went to another process is nobody, and nobody is killed for it", async () => {
  await using it = await start("exec sleep 60");
  for (const stale of [{ ...it.id, start: "1" }, { ...it.id, boot: "another boot" }]) {
    await Deno.writeTextFile(it.pidFile, JSON.stringify(stale));
    assert.equal(runningProcess(it.pidFile), undefined);
    assert.equal(await stopProcess(stale, { graceMs: 0 }), false);
    assert.ok(isRunning(it.id), "the process that has the number now must live");
  }
});

Deno.test("a pid file that is damaged or missing is nobody", async () => {
  await using it = await start("exec sleep 60");
  await Deno.writeTextFile(it.pidFile, "12");
  assert.equal(runningProcess(it.pidFile), undefined);
  await Deno.remove(it.pidFile);
  assert.equal(runningProcess(it.pidFile), undefined);
});

Deno.test("ownProcess() finds a process by its command line when its pid file is lost", async () => {
  const folder = await Deno.makeTempDir();
  const pidFile = join(folder, "it.json");
  const id = await startDetached(["tail", "-f", "/dev/null", folder], {
    cwd: folder,
    env: {},
    log: join(folder, "log"),
    pidFile,
  });
  await Deno.remove(pidFile);
  const found = await waitFor(
    () => ownProcess(pidFile, (words) => words[0] === "tail" && words.includes(folder)),
    {
      what: "the process",
      timeoutMs: 60_000,
      everyMs: 10,
    },
  );
  assert.deepEqual(found, id);
  assert.equal(ownProcess(pidFile, (words) => words.includes(`${folder}/other`)), undefined);
  await stopProcess(id, { graceMs: 0 });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("stopProcess() lets a process end in its own way", async () => {
  await using it = await start("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
  await said(it.log, "ready");
  assert.equal(await stopProcess(it.id, { graceMs: 60_000 }), true);
  assert.match(await Deno.readTextFile(it.log), /bye/);
  assert.equal(isRunning(it.id), false);
});

Deno.test("stopProcess() ends a process that ignores TERM once its grace is over", async () => {
  await using it = await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  await said(it.log, "ready");
  assert.equal(await stopProcess(it.id, { graceMs: 100 }), true);
  assert.equal(isRunning(it.id), false);
});

Deno.test("descendantsOf() finds children of children, also after they left the session", async () => {
  await using it = await start("setsid sh -c 'sleep 60 & echo ready; wait' & wait");
  await said(it.log, "ready");
  // A process that is just becoming another program may have no command line for a moment.
  const below = await waitFor(() => {
    const found = descendantsOf(it.id);
    return found.length >= 2 && found;
  }, { what: "the inner shell and its sleep", timeoutMs: 60_000, everyMs: 10 });
  for (const id of below) await stopProcess(id, { graceMs: 0 });
});

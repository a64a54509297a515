import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { waitFor } from "../common/time.ts";
import { isRunning, runningProcess, startDetached, stopProcess } from "../local/host/process.ts";
import { exists } from "../common/files.ts";
import { Guard } from "./guard.ts";

const guard = new URL("guard.ts", import.meta.url).href;
const timeoutMs = 60_000;

/** A program that lives on after its starter, in the folder of a lab. */
async function lab() {
  const folder = await Deno.makeTempDir({ prefix: "cc-ci guard " });
  const pidFile = join(folder, "state", "pids", "service.json");
  const options = { cwd: "/", env: {}, log: join(folder, "log"), pidFile };
  return { folder, pidFile, service: await startDetached(["sleep", "60"], options) };
}

Deno.test("what a test has in its folder ends with the test that is killed", async () => {
  const { folder, pidFile, service } = await lab();
  // The number of a process that has ended, and that another one has got since.
  await using bystander = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const stale = JSON.stringify({ ...service, pid: bystander.pid, start: "1" });
  await Deno.writeTextFile(join(dirname(pidFile), "stale.json"), stale);
  const script = `new (await import("${guard}")).Guard(Deno.args[0]); Deno.kill(Deno.pid, "SIGKILL")`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", "-q", script, folder], stderr: "null" }).output();
  await waitFor(() => !isRunning(service), { what: "the service to end", timeoutMs, everyMs: 20 });
  await waitFor(async () => !await exists(folder), { what: "the folder to go", timeoutMs, everyMs: 20 });
  bystander.kill("SIGTERM");
  assert.equal((await bystander.status).signal, "SIGTERM", "no guard has killed it before");
});

Deno.test("a test that ends what it has by itself is done with its guard", async () => {
  const { folder, pidFile, service } = await lab();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  stack.defer(async () => void await stopProcess(service, { graceMs: 1000 }));
  await new Guard(folder)[Symbol.asyncDispose]();
  assert.deepEqual(runningProcess(pidFile), service);
});

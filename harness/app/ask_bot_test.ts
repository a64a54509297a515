import { deepEqual, equal, rejects } from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { AbraError } from "../abra/abra.ts";
import { askBot } from "./ask_bot.ts";

const REPLACED = 'docker.errors.APIError: 409 Client Error: Conflict ("container 0a1b2c is not running")';

/** A bot that refuses with this line until `works`; time passes only by sleeping. */
function scene(line: string, works: number) {
  let calls = 0;
  const clock = new FakeClock(0);
  const ctx = { clock, log: () => {}, signal: new AbortController().signal };
  const call = () => {
    calls++;
    if (clock.now() >= works) return Promise.resolve({ failedHooks: [], cut: false });
    return Promise.reject(new AbraError("Status: , Code: 1", { lines: ["INFO: run command", line] }));
  };
  return { ask: () => askBot(call, ctx), calls: () => calls };
}

Deno.test("a hook whose container is just being replaced is tried again", async () => {
  const bot = scene(REPLACED, 3_000);
  deepEqual(await bot.ask(), { failedHooks: [], cut: false });
  equal(bot.calls(), 4);
});

Deno.test("a repository that somebody else has locked is waited for, and not for ever", async () => {
  const line = "ERROR: Fatal: unable to create lock: repository is already locked exclusively by PID 12";
  const pruned = scene(line, 3_000);
  deepEqual(await pruned.ask(), { failedHooks: [], cut: false });
  equal(pruned.calls(), 4);
  const held = scene(line, Infinity);
  await rejects(held.ask(), AbraError);
  equal(held.calls(), 61);
  const hook = scene("ERROR: Failed to run command x: repository is already locked", 3_000);
  await rejects(hook.ask(), AbraError);
  equal(hook.calls(), 1);
});

Deno.test("a container that never comes, and any other trouble of the bot, is an error", async () => {
  const gone = scene(REPLACED, Infinity);
  await rejects(gone.ask(), AbraError);
  equal(gone.calls(), 61);
  const full = scene("ERROR: no space left on device", 1);
  await rejects(full.ask(), AbraError);
  equal(full.calls(), 1);
});

import assert from "node:assert/strict";
import { together } from "./interruption.ts";

/** Goes on until it is told to stop. */
function patient(ended: string[], name: string) {
  return async (signal: AbortSignal) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.resolve();
    ended.push(name);
    signal.throwIfAborted();
  };
}

Deno.test("together() waits for every job, and hands on what each came to", async () => {
  const ended: number[] = [];
  const [first, second] = await together(new AbortController().signal, [
    () => Promise.resolve(ended.push(1)),
    async () => {
      ended.push(await Promise.resolve(2));
      return "second";
    },
  ]);
  assert.deepEqual(ended, [1, 2]);
  assert.deepEqual([first, second], [1, "second"]);
});

Deno.test("a failed job stops the others, and its own error is the one that counts", async () => {
  const ended: string[] = [];
  await assert.rejects(
    together(new AbortController().signal, [
      patient(ended, "other"),
      () => Promise.reject(new Error("no Go")),
    ]),
    /no Go/,
  );
  assert.deepEqual(ended, ["other"], "the other job is waited for");
});

Deno.test("an abort from outside reaches every job, with its reason", async () => {
  const ended: string[] = [];
  const controller = new AbortController();
  const work = together(controller.signal, [patient(ended, "a"), patient(ended, "b")]);
  controller.abort(new Error("Ctrl-C"));
  await assert.rejects(work, /Ctrl-C/);
  assert.deepEqual(ended, ["a", "b"]);
});

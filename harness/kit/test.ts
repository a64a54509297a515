import { KitError, opened } from "./call.ts";

/** Milliseconds after its own end of time when Deno ends a test. */
const NET_MS = 5_000;

/** The longest time that a timer counts, in milliseconds: one that is set for longer ends at once. */
const MOST_MS = 2 ** 31 - 1 - NET_MS;

/**
 * Defines a test. It fails when its function throws, or after `timeoutMs` (two minutes by default). Pages and
 * connections that it opened are closed afterwards.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { fetch, test } from "cc-ci";
 *
 * test("the import of a year ends", async () => {
 *   equal((await fetch("/import", { method: "POST" })).status, 200);
 * }, { timeoutMs: 300_000 });
 * ```
 */
export function test(
  name: string,
  fn: () => void | Promise<void>,
  options: { timeoutMs?: number } = {},
): void {
  const { timeoutMs = 120_000 } = options;
  if (!(timeoutMs > 0 && timeoutMs <= MOST_MS)) {
    throw new KitError("test.timeout", `"timeoutMs" must be milliseconds, more than 0, and is ${timeoutMs}`);
  }
  const late = new KitError("test.late", `It was not over after ${timeoutMs / 1000} s`); // knows the line of this test
  const run = async () => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ended = new Promise<never>((_, reject) => timer = setTimeout(() => reject(late), timeoutMs));
    try {
      await Promise.race([fn(), ended]);
    } finally {
      clearTimeout(timer);
      for (const close of opened) await close().catch(() => {});
      opened.clear();
    }
  };
  Deno.test({ name, fn: run, timeout: timeoutMs + NET_MS });
}

/**
 * Tries something until it works: until the function throws nothing and does not return `false`. After `seconds` (30 by
 * default) it fails with what was wrong last. For what an app does in the background: a mail that is sent, an index that
 * is built.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { eventually, fetch, test } from "cc-ci";
 *
 * test("what was added is found", async () => {
 *   await fetch("/notes", { method: "POST", body: "milk" });
 *   const found = await eventually(async () => {
 *     const answer = await fetch("/search?q=milk");
 *     equal(answer.status, 200);
 *     return await answer.text();
 *   }, { seconds: 20 });
 *   equal(found, "milk");
 * });
 * ```
 */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  options: {
    /** @default 30 */
    seconds?: number;
    /** Seconds between two tries. @default 0.25 */
    everySeconds?: number;
  } = {},
): Promise<Exclude<T, false>> {
  const { seconds = 30, everySeconds = 0.25 } = options;
  const late = new KitError("eventually.late", ""); // made here, so that it knows which line of the test waits
  const end = performance.now() + 1000 * seconds;
  while (true) {
    let wrong: string;
    try {
      const value = await fn();
      if (value !== false) return value as Exclude<T, false>;
      wrong = "it is still false";
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
    }
    const left = end - performance.now();
    if (left <= 0) {
      late.message = `Not within ${seconds} s: ${wrong}`;
      throw late;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 1000 * everySeconds)));
  }
}

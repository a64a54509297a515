import { app } from "./app.ts";
import { call, KitError } from "./call.ts";
import { test } from "./test.ts";

export interface StepOptions {
  /** Milliseconds until it fails. @default 120000 for a set-up, 60000 for the others */
  timeoutMs?: number;
}

/** Milliseconds within which data is written, or read. */
const DATA_MS = 60_000;
/** How much of a text that was read in vain is shown. */
const SHOWN = 200;

/**
 * What `setup.ts` does to a new app: the steps that its operator takes once, such as a wizard, or making an account. It
 * runs after the app's first good answer and before anything is asked of it or written into it, in both lanes, so also
 * at the published version. Values that others need are handed on with `hand`.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { exec, fetch, hand, setup } from "cc-ci";
 *
 * setup(async () => {
 *   const password = crypto.randomUUID();
 *   await hand("admin_password", password, { secret: true });
 *   await exec("app", ["notes", "create-admin", "--name", "ada", "--password", password]);
 *   equal((await fetch("/healthcheck")).status, 200);
 * });
 * ```
 */
export function setup(body: () => void | Promise<void>, options: StepOptions = {}): void {
  test("setup", body, options);
}

/**
 * What `seed.ts` does to write the run's marker into the app, for images without a shell and for data that only the app
 * itself can write. It is the place for what has to outlive an upgrade and to come back by a restore.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { fetch, seed } from "cc-ci";
 *
 * seed(async (marker) => {
 *   equal((await fetch("/notes", { method: "POST", body: marker })).status, 200);
 * });
 * ```
 */
export function seed(body: (marker: string) => void | Promise<void>, options: StepOptions = {}): void {
  test("seed", () => body(app.marker), { timeoutMs: DATA_MS, ...options });
}

/**
 * What `read.ts` does to read the marker back: it returns a text that has to hold it. It is asked before the data is
 * written, when the marker may not be found, at once afterwards, and again after a restore and an upgrade.
 *
 * ```ts
 * import { fetch, read } from "cc-ci";
 *
 * read(async (marker) => {
 *   const answer = await fetch(`/notes/${marker}`);
 *   return await answer.text();
 * });
 * ```
 */
export function read(
  body: (marker: string) => string | Promise<string>,
  options: StepOptions = {},
): void {
  const unread = new KitError("read.nothing", ""); // made here, so that it knows which line of the file reads
  test("read", async () => {
    const text = String(await body(app.marker));
    if (text.includes(app.marker)) return;
    const shown = text.trim() === "" ? "nothing" : JSON.stringify(text.slice(0, SHOWN));
    unread.message = `"${app.marker}" is not in what was read: ${shown}`;
    throw unread;
  }, { timeoutMs: DATA_MS, ...options });
}

/**
 * Hands a value on from `setup.ts` to whatever works with this app later: `seed.ts`, `read.ts` and the tests get it from
 * `handed`. What is `secret` is taken out of everything that the run prints from now on, if it has six characters.
 *
 * ```ts
 * import { fetch, hand, setup } from "cc-ci";
 *
 * setup(async () => {
 *   const answer = await fetch("/tokens", { method: "POST" });
 *   await hand("token", await answer.text(), { secret: true });
 * });
 * ```
 */
export async function hand(
  name: string,
  value: string,
  options: {
    /** @default false */
    secret?: boolean;
  } = {},
): Promise<void> {
  await call("hand", { name, value, ...options });
}

/**
 * A value that the app's own `setup.ts` has handed on. What a provider hands on reaches `env` and `secrets` only.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { fetch, handed, test } from "cc-ci";
 *
 * test("the token of the set-up is accepted", async () => {
 *   const authorization = `Bearer ${await handed("token")}`;
 *   equal((await fetch("/me", { headers: { authorization } })).status, 200);
 * });
 * ```
 */
export async function handed(name: string): Promise<string> {
  return await call("handed", { name }) as string;
}

/** What an earlier run has left at a provider that stays up. */
export interface Orphan {
  /** Domains of the apps for which it was made. */
  neededBy: readonly string[];
  /** What was handed on for them, by name: nothing, if that run died in its set-up. */
  handed: Readonly<Record<string, string>>;
}

/**
 * What the file that sets a provider up has made there in earlier runs, if the provider stays up (`warm: true`). None of
 * these runs goes on, and nobody else removes it. A run that died in its set-up may have removed it already, which must
 * not fail then. A provider that this run has deployed itself has nothing of the kind.
 *
 * ```ts
 * import { ok } from "node:assert/strict";
 * import { fetch, orphans, setup } from "cc-ci";
 *
 * setup(async () => {
 *   for (const { handed: { client_id } } of await orphans()) {
 *     if (client_id === undefined) continue; // that run died before it had handed anything on
 *     const { status } = await fetch(`/clients/${client_id}`, { method: "DELETE" });
 *     ok([200, 404].includes(status)); // a run that died may have removed it already
 *   }
 * });
 * ```
 */
export async function orphans(): Promise<Orphan[]> {
  return await call("orphans", {}) as Orphan[];
}

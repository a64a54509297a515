/**
 * The functions that a recipe's tests are written with. A test file runs in a process that cannot reach the network,
 * the host or Docker; everything it does to the app goes through these functions.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { fetch, test } from "cc-ci";
 *
 * test("answers at /healthcheck", async () => {
 *   equal((await fetch("/healthcheck")).status, 200);
 * });
 * ```
 *
 * @module
 */
export { app, domain, exec, secret } from "./app.ts";
export { KitError } from "./call.ts";
export { fetch } from "./http.ts";
export { logIn } from "./log_in.ts";
export { page } from "./page.ts";
export { hand, handed, orphans, read, seed, setup } from "./steps.ts";
export { tcp } from "./tcp.ts";
export { eventually, test } from "./test.ts";
export type { App, ExecOptions, ExecResult } from "./app.ts";
export type { LogInForm } from "./log_in.ts";
export type { Page, WaitOptions } from "./page.ts";
export type { Orphan, StepOptions } from "./steps.ts";
export type { Connection, ReadOptions } from "./tcp.ts";

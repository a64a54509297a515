/**
 * The functions that a recipe's tests are written with. A test file runs in a process that cannot reach the network,
 * the host or Docker; everything it does to the app goes through these functions.
 *
 * ```ts
 * import { equal, match } from "node:assert/strict";
 * import { exec, fetch, page, test } from "cc-ci";
 *
 * test("answers at /healthcheck", async () => {
 *   const answer = await fetch("/healthcheck");
 *   equal(answer.status, 200);
 * });
 *
 * test("somebody can log in", async () => {
 *   const login = await page("/login");
 *   await login.fill("input[name=user]", "admin");
 *   await login.click("button[type=submit]");
 *   match(await login.text("h1"), /Welcome/);
 * });
 * ```
 *
 * @module
 */

/** The app under test. */
export interface App {
  recipe: string;
  domain: string;
  /** `https://<domain>` */
  url: string;
  /** Stage that runs this test: `install`, `upgrade`, … */
  stage: string;
  /** What is deployed now: a published version, or the short commit under test. */
  version: string;
  /** Published version the upgrade started from, in upgrade tests. */
  base?: string;
}

/** How a command in a container ended. */
export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** Text for the command's standard input. */
  stdin?: string;
  /** @default 60000 */
  timeoutMs?: number;
  /**
   * Whether to return the result whatever the exit code is. @default false: an exit code other than 0 fails the test
   */
  anyExitCode?: boolean;
}

export interface WaitOptions {
  /** Milliseconds until the test fails. @default 30000 */
  timeoutMs?: number;
}

/** A page of the app in the browser, with cookies that it shares with no other page. */
export interface Page {
  /** Opens another path of the app and waits until it is loaded, or shows something while parts of it never end. */
  goto(path: string, options?: WaitOptions): Promise<{ status: number; url: string }>;
  url(): Promise<string>;
  title(): Promise<string>;
  /**
   * Visible text of the first element that matches, or of the whole page with its frames. Open shadow roots are read,
   * too.
   */
  text(selector?: string): Promise<string>;
  /** Replaces the value of a form field, or chooses an option. */
  fill(selector: string, text: string, options?: WaitOptions): Promise<void>;
  /** Clicks. If that opens another page, waits until it is loaded. */
  click(selector: string, options?: WaitOptions): Promise<void>;
  /** Waits until an element is visible, or until the page shows a text. */
  waitFor(what: { selector: string } | { text: string }, options?: WaitOptions): Promise<void>;
  /** Takes a picture for the report. The name may hold small letters, digits and `-`. */
  screenshot(name: string, options?: { fullPage?: boolean }): Promise<void>;
  /** Errors on the console so far. */
  consoleErrors(): Promise<string[]>;
}

/** A call could not be carried out. */
export class KitError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "KitError";
    this.code = code;
  }
}

const [socketPath = "", appJson = "{}"] = Deno.args;

/** The app under test. */
export const app: Readonly<App> = Object.freeze(JSON.parse(appJson));

/** Pages that the running test has opened. */
const open = new Set<number>();

/**
 * Defines a test. It fails when its function throws, or after `timeoutMs` (two minutes by default). Pages that it
 * opened are closed afterwards.
 */
export function test(
  name: string,
  fn: () => void | Promise<void>,
  options: { timeoutMs?: number } = {},
): void {
  const run = async () => {
    try {
      await fn();
    } finally {
      for (const id of open) await call("page.close", { page: id }).catch(() => {});
      open.clear();
    }
  };
  Deno.test({ name, fn: run, timeout: options.timeoutMs ?? 120_000 });
}

/**
 * Requests a path of the app (or an `https:` or `http:` address of one of its domains) through the reverse proxy. The
 * certificate is verified, and redirects are returned and not followed. An answer of any status is a result; no answer
 * is an error.
 */
export async function fetch(
  path: string,
  init: RequestInit & { timeoutMs?: number } = {},
): Promise<Response> {
  const { timeoutMs, ...rest } = init;
  const request = new Request(new URL(path, app.url), rest);
  const body = request.body === null ? undefined : encode(new Uint8Array(await request.arrayBuffer()));
  const answer = await call("fetch", {
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    body,
    timeoutMs,
  }) as { url: string; status: number; headers: [string, string][]; body: string };
  // A `Response` of some statuses can have no body, and its constructor takes only statuses from 200 to 599.
  const empty = [101, 103, 204, 205, 304].includes(answer.status);
  const usual = answer.status >= 200 && answer.status <= 599;
  const response = new Response(empty ? null : decode(answer.body), {
    status: usual ? answer.status : 200,
    headers: answer.headers,
  });
  if (!usual) {
    Object.defineProperty(response, "status", { value: answer.status });
    Object.defineProperty(response, "ok", { value: false });
  }
  Object.defineProperty(response, "url", { value: answer.url });
  return response;
}

/** Opens a path of the app in the browser and waits until it is loaded. */
export async function page(path = "/"): Promise<Page> {
  const id = await call("page.open", {}) as number;
  open.add(id);
  const on = (verb: string, params: object = {}) => call(`page.${verb}`, { page: id, ...params });
  const opened: Page = {
    goto: (to, options = {}) =>
      on("goto", { url: new URL(to, app.url).href, ...options }) as Promise<{ status: number; url: string }>,
    url: () => on("url") as Promise<string>,
    title: () => on("title") as Promise<string>,
    text: (selector) => on("text", { selector }) as Promise<string>,
    fill: async (selector, text, options = {}) => void await on("fill", { selector, text, ...options }),
    click: async (selector, options = {}) => void await on("click", { selector, ...options }),
    waitFor: async (what, options = {}) => void await on("waitFor", { ...what, ...options }),
    screenshot: async (name, options = {}) => void await on("screenshot", { name, ...options }),
    consoleErrors: () => on("consoleErrors") as Promise<string[]>,
  };
  await opened.goto(path);
  return opened;
}

/**
 * Runs a command in the container of one of the app's services. No shell takes part unless the command names one. Tests
 * in a recipe's own repository cannot call this.
 */
export async function exec(
  service: string,
  argv: string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { anyExitCode = false, ...rest } = options;
  const result = await call("exec", { service, argv, ...rest }) as ExecResult;
  if (result.code === 0 || anyExitCode) return result;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-5).join("\n");
  const how = `"${argv.slice(0, 3).join(" ")}" in service "${service}" ended with exit code ${result.code}`;
  throw new KitError("exec.failed", said === "" ? how : `${how}: ${said}`);
}

/** A secret that was generated for this app, by its name in compose.yml. */
export async function secret(name: string): Promise<string> {
  return await call("secret", { name }) as string;
}

/** Makes one call over one connection: one line of JSON is sent, one comes back. */
async function call(method: string, params: object): Promise<unknown> {
  const connection = await Deno.connect({ transport: "unix", path: socketPath });
  try {
    const line = new TextEncoder().encode(JSON.stringify({ method, params }) + "\n");
    for (let sent = 0; sent < line.length;) sent += await connection.write(line.subarray(sent));
    const text = await new Response(connection.readable).text();
    if (text === "") throw new KitError("closed", `No answer to ${method}: the run is ending`);
    const answer = JSON.parse(text);
    if (answer.ok) return answer.value;
    throw new KitError(answer.error.code, answer.error.message);
  } finally {
    try {
      connection.close();
    } catch { /* it was closed when we had read to its end */ }
  }
}

function encode(bytes: Uint8Array): string {
  return bytes.toBase64();
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text);
}

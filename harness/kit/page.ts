import { app } from "./app.ts";
import { call, opened } from "./call.ts";

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

/**
 * Opens a path of the app in the browser and waits until it is loaded.
 *
 * ```ts
 * import { deepEqual, match } from "node:assert/strict";
 * import { page, test } from "cc-ci";
 *
 * test("somebody can log in", async () => {
 *   const login = await page("/login");
 *   await login.fill("input[name=user]", "admin");
 *   await login.click("button[type=submit]");
 *   await login.waitFor({ text: "Welcome" });
 *   match(await login.text("h1"), /Welcome/);
 *   deepEqual(await login.consoleErrors(), []);
 *   await login.screenshot("logged-in");
 * });
 * ```
 */
export async function page(path = "/"): Promise<Page> {
  const id = await call("page.open", {}) as number;
  opened.add(() => call("page.close", { page: id }));
  const on = (verb: string, params: object = {}) => call(`page.${verb}`, { page: id, ...params });
  const shown: Page = {
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
  await shown.goto(path);
  return shown;
}

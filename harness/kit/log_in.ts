import type { Page } from "./page.ts";

/** Where the pages of a provider of log-ins have what somebody fills in and clicks. */
export interface LogInForm {
  name: string;
  password: string;
  submit: string;
  /** What the provider asks afterwards, such as whether the app may know who it is, and how to agree. */
  consent?: { text: string; submit: string };
}

/** The pages of `recipes/oidc-provider`, which takes any name with any password. */
const providersOwn: LogInForm = {
  name: "input[name=login]",
  password: "input[name=password]",
  submit: "button[type=submit]",
  consent: { text: "Continue", submit: "button[type=submit]" },
};

/**
 * Logs somebody in at the provider to which the app has led a page, and agrees to what the provider asks. The page is
 * the app's again afterwards.
 *
 * ```ts
 * import { match } from "node:assert/strict";
 * import { logIn, page, test } from "cc-ci";
 *
 * test("somebody whom the provider knows logs in", async () => {
 *   const browser = await page("/");
 *   await browser.click("a[href*=oidc]");
 *   await logIn(browser, { name: "grace" });
 *   match(await browser.text(), /Welcome/);
 * });
 * ```
 */
export async function logIn(
  at: Page,
  { name, password = "anything", form = providersOwn }: {
    name: string;
    /** @default any, which `recipes/oidc-provider` takes */
    password?: string;
    /** @default that of `recipes/oidc-provider` */
    form?: LogInForm;
  },
): Promise<void> {
  await at.fill(form.name, name);
  await at.fill(form.password, password);
  await at.click(form.submit);
  if (form.consent === undefined) return;
  await at.waitFor({ text: form.consent.text });
  await at.click(form.consent.submit);
}

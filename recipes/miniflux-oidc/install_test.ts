import { match } from "node:assert/strict";
import { test } from "cc-ci";
import { accounts, logIn } from "./account.ts";

test("somebody whom the provider knows logs in without an account of the app, and gets one", async () => {
  const browser = await logIn("grace");
  match(await browser.title(), /Miniflux/);
  match(await accounts(), /grace/);
  await browser.screenshot("logged-in");
});

import { equal, match } from "node:assert/strict";
import { fetch, page, test } from "cc-ci";
import { logIn } from "./account.ts";

test("the health check answers", async () => {
  const answer = await fetch("/healthcheck");
  equal(answer.status, 200);
  equal((await answer.text()).trim(), "OK");
});

test("the administrator can log in and sees the list of feeds", async () => {
  const browser = await logIn();
  await browser.goto("/feeds");
  match(await browser.title(), /Feeds/);
  await browser.screenshot("feeds");
});

test("a wrong password is refused", async () => {
  const browser = await page("/");
  await browser.fill("input[name=username]", "admin");
  await browser.fill("input[name=password]", "wrong");
  await browser.click("button[type=submit]");
  match(await browser.title(), /Sign In/);
});

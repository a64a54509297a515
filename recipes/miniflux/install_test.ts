import { equal, match } from "node:assert/strict";
import { fetch, page, secret, test } from "cc-ci";

test("the health check answers", async () => {
  const answer = await fetch("/healthcheck");
  equal(answer.status, 200);
  equal((await answer.text()).trim(), "OK");
});

test("the administrator can log in and sees the list of feeds", async () => {
  const browser = await page("/");
  match(await browser.title(), /Sign In/);
  await browser.fill("input[name=username]", "admin");
  await browser.fill("input[name=password]", await secret("admin_password"));
  await browser.click("button[type=submit]");
  await browser.waitFor({ selector: "a[href$='/logout']" });
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

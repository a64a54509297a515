import { match } from "node:assert/strict";
import { fetch, page, test } from "cc-ci";
import { feed, logIn, publish } from "./site.ts";

test("the account that the form made can log in", async () => {
  const browser = await logIn();
  match(await browser.title(), /Dashboard/);
  await browser.screenshot("dashboard");
});

test("a post that was published is read on the front page and by feed readers", async () => {
  await publish("Written in a test");
  match(await (await page("/")).text("main"), /Written in a test/);
  match(await feed(), /<title>Written in a test<\/title>/);
});

test("the form is not offered a second time", async () => {
  match(await (await fetch("/wp-admin/install.php")).text(), /Already Installed/);
});

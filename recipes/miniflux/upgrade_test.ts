import { equal, match } from "node:assert/strict";
import { test } from "cc-ci";
import { logIn, seededFeed } from "./account.ts";

test("the old password still works, and the feed of before the upgrade is in the list", async () => {
  const title = await seededFeed();
  match(title, /\S/, "there is no feed from before the upgrade in the database");
  const browser = await logIn();
  await browser.goto("/feeds");
  equal((await browser.text("main")).includes(title), true, `no feed "${title}" in the list`);
  await browser.screenshot("feeds");
});

import { equal, match } from "node:assert/strict";
import { test } from "cc-ci";
import { logIn, seededFeed } from "./account.ts";

test("the restored password works, and the restored feed is in the list", async () => {
  const title = await seededFeed();
  match(title, /\S/, "the feed that was backed up is not in the database");
  const browser = await logIn();
  await browser.goto("/feeds");
  equal((await browser.text("main")).includes(title), true, `no feed "${title}" in the list`);
  await browser.screenshot("feeds");
});

import { equal, match } from "node:assert/strict";
import { exec, page, secret, test } from "cc-ci";

const SEEDED = "SELECT title FROM feeds WHERE feed_url LIKE '%.invalid/feed'";

test("the old password still works, and the feed of before the upgrade is in the list", async () => {
  const seeded = await exec("db", ["psql", "-A", "-t", "-U", "miniflux", "-d", "miniflux", "-c", SEEDED]);
  const title = seeded.stdout.trim();
  match(title, /\S/, "there is no feed from before the upgrade in the database");
  const browser = await page("/");
  await browser.fill("input[name=username]", "admin");
  await browser.fill("input[name=password]", await secret("admin_password"));
  await browser.click("button[type=submit]");
  await browser.waitFor({ selector: "a[href$='/logout']" });
  await browser.goto("/feeds");
  equal((await browser.text("main")).includes(title), true, `no feed "${title}" in the list`);
  await browser.screenshot("feeds");
});

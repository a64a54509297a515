import { match } from "node:assert/strict";
import { exec, type Page, page, secret } from "cc-ci";

const SEEDED = "SELECT title FROM feeds WHERE feed_url LIKE '%.invalid/feed'";

/** A page on which the administrator has logged in. */
export async function logIn(): Promise<Page> {
  const browser = await page("/");
  match(await browser.title(), /Sign In/);
  await browser.fill("input[name=username]", "admin");
  await browser.fill("input[name=password]", await secret("admin_password"));
  await browser.click("button[type=submit]");
  await browser.waitFor({ selector: "a[href$='/logout']" });
  return browser;
}

/** Title of the feed that recipe.yml seeds; empty when there is none. */
export async function seededFeed(): Promise<string> {
  const found = await exec("db", ["psql", "-A", "-t", "-U", "miniflux", "-d", "miniflux", "-c", SEEDED]);
  return found.stdout.trim();
}

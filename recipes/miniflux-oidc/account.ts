import { exec, logIn as logInAtProvider, type Page, page } from "cc-ci";

/** A page of the app on which somebody has logged in at the provider. */
export async function logIn(name: string): Promise<Page> {
  const browser = await page("/");
  await browser.click("a[href*='/oauth2/oidc/redirect']");
  await logInAtProvider(browser, { name });
  await browser.waitFor({ selector: "a[href$='/logout']" });
  return browser;
}

const ACCOUNTS = "SELECT username FROM users WHERE openid_connect_id <> ''";

/** Names of the accounts that people have who log in at the provider. */
export async function accounts(): Promise<string> {
  const found = await exec("db", ["psql", "-A", "-t", "-U", "miniflux", "-d", "miniflux", "-c", ACCOUNTS]);
  return found.stdout;
}

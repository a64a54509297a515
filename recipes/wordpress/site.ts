import { equal } from "node:assert/strict";
import { fetch, handed, type Page, page } from "cc-ci";

/** A page on which the administrator has logged in. */
export async function logIn(): Promise<Page> {
  const browser = await page("/wp-login.php");
  await browser.fill("#user_login", "ada");
  await browser.fill("#user_pass", await handed("password"));
  await browser.click("#wp-submit");
  await browser.waitFor({ selector: "#wpadminbar" });
  return browser;
}

/** Publishes a post as programs do that people write with. */
export async function publish(title: string): Promise<void> {
  const values = ["<int>0</int>", "<string>ada</string>", `<string>${await handed("password")}</string>`];
  const member = (name: string, value: string) =>
    `<member><name>${name}</name><value><string>${value}</string></value></member>`;
  const post = `<struct>${member("post_title", title)}${member("post_status", "publish")}</struct>`;
  const params = [...values, post].map((value) => `<param><value>${value}</value></param>`).join("");
  const body =
    `<?xml version="1.0"?><methodCall><methodName>wp.newPost</methodName><params>${params}</params></methodCall>`;
  const answer = await fetch("/xmlrpc.php", {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body,
  });
  equal(answer.status, 200);
  const said = await answer.text();
  equal(said.includes("<fault>"), false, said);
}

/** What feed readers get: titles of the newest posts among it. */
export async function feed(): Promise<string> {
  return await (await fetch("/?feed=rss2")).text();
}

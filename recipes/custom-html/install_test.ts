import { equal, match } from "node:assert/strict";
import { exec, fetch, page, test } from "cc-ci";

test("a page put into the volume is served", async () => {
  const html = "<!doctype html><title>Our page</title><h1>Put here by cc-ci</h1>";
  await exec("app", ["sh", "-c", 'printf %s "$1" > /usr/share/nginx/html/cc-ci.html', "sh", html]);
  const opened = await page("/cc-ci.html");
  equal(await opened.title(), "Our page");
  match(await opened.text("h1"), /Put here by cc-ci/);
});

test("the recipe's own configuration is in force", async () => {
  const answer = await fetch("/");
  equal(answer.status, 200);
  equal(answer.headers.get("x-content-type-options"), "nosniff");
  equal(answer.headers.get("server"), "nginx", "the version of nginx is not told");
});

test("a page that is not there is answered with 404", async () => {
  equal((await fetch("/no-such-page.html")).status, 404);
});

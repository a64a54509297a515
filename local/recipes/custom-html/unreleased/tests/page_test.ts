import { equal, match } from "node:assert/strict";
import { fetch, page, test } from "cc-ci";

test("the start page opens without errors", async () => {
  const start = await page("/");
  match(await start.text("h1"), /Welcome/);
  equal((await start.consoleErrors()).length, 0);
});

test("other sites learn no more than where a visitor came from", async () => {
  const answer = await fetch("/");
  match(answer.headers.get("referrer-policy") ?? "", /origin|no-referrer/);
});

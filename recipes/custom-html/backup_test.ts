import { equal, match } from "node:assert/strict";
import { fetch, page, test } from "cc-ci";

test("a file that was backed up is served again", async () => {
  const answer = await fetch("/cc-ci-marker.txt");
  equal(answer.status, 200);
  match(await answer.text(), /\S/);
});

test("the start page is back", async () => {
  match(await (await page("/")).title(), /nginx/);
});

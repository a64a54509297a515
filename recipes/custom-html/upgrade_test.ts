import { equal, match } from "node:assert/strict";
import { fetch, page, test } from "cc-ci";

test("a file written before the upgrade is still served", async () => {
  const answer = await fetch("/cc-ci-marker.txt");
  equal(answer.status, 200);
  match(await answer.text(), /\S/);
});

test("the start page still opens", async () => {
  match(await (await page("/")).title(), /nginx/);
});

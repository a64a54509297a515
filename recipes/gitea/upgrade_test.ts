import { match } from "node:assert/strict";
import { test } from "cc-ci";
import { logIn } from "./forge.ts";

test("the administrator can still log in and sees the repository of before the upgrade", async () => {
  const browser = await logIn();
  await browser.goto("/ada/seeded");
  match(await browser.text("#repo-files-table"), /note\.txt/);
});

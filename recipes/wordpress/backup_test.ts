import { match } from "node:assert/strict";
import { test } from "cc-ci";
import { feed, logIn, publish } from "./site.ts";

test("the restored account can log in and publish", async () => {
  await logIn();
  await publish("After the restore");
  match(await feed(), /After the restore/);
});

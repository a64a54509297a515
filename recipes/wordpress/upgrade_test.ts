import { match } from "node:assert/strict";
import { test } from "cc-ci";
import { logIn } from "./site.ts";

test("the administrator can still log in", async () => {
  match(await (await logIn()).title(), /Dashboard/);
});

import { match } from "node:assert/strict";
import { eventually, test } from "cc-ci";
import { logIn, pushNote, readNote } from "./forge.ts";

test("the restored account can log in, and git pushes again", async () => {
  await logIn();
  await pushNote("later", "After the restore");
  await eventually(async () => match(await readNote("later"), /After the restore/));
});

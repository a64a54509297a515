import assert from "node:assert/strict";
import { comments } from "../testing/sample_comments.ts";

/**
 * Every comment that we write stands in a file as its readers get it, so that a change to one is seen whole. When one
 * changes on purpose, `renew` writes the files anew.
 */
const renew = "CCCI_UPDATE_SNAPSHOTS=1 deno test -A bridge/reports/snapshots_test.ts";
const folder = new URL("./snapshots/", import.meta.url);
const update = Deno.env.get("CCCI_UPDATE_SNAPSHOTS") === "1";

for (const [name, text] of Object.entries(comments)) {
  Deno.test(`the comment ${name} reads as bridge/reports/snapshots/${name}.md has it`, async () => {
    const file = new URL(`${name}.md`, folder);
    if (update) await Deno.writeTextFile(file, `${text}\n`);
    const stored = await Deno.readTextFile(file);
    try {
      assert.equal(`${text}\n`, stored);
    } catch (cause) {
      throw new Error(`The comment changed. If it was meant to, renew its file: ${renew}`, { cause });
    }
  });
}

Deno.test("every file beside these tests shows a comment that we write", async () => {
  const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  assert.deepEqual(files.sort(), Object.keys(comments).map((name) => `${name}.md`).sort());
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../common/sqlite.ts";
import { migrations } from "./schema.ts";
import { Store } from "./store.ts";

const commit = "3fa9c1b".padEnd(40, "0");

Deno.test("a bridge.db of before keeps its commits under their new name", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ccci-schema-" });
  try {
    const path = join(folder, "bridge.db");
    const renaming = migrations.findIndex((script) => script.includes("RENAME COLUMN ref"));
    const before = openDatabase(path, { migrations: migrations.slice(0, renaming) });
    before.exec(`
      INSERT INTO commands VALUES (1, 'o/r', 2, 3, 'm', 0, 'test', '3fa9c1b', 'accepted', NULL, 0);
      INSERT INTO runs (id, attempt, comment, recipe, repo, pr, ref, login, state, accepted_at)
        VALUES ('abcdefabcdef', 1, 1, 'r', 'o/r', 2, '${commit}', 'm', 'queued', 0);
      INSERT INTO statuses (repo, sha, run, wanted, wanted_at, final) VALUES ('o/r', '${commit}', 'abcdefabcdef', '{}', 0, 0);
      INSERT INTO branches (repo, head) VALUES ('o/r', '${commit}');
    `);
    before.close();
    using store = new Store(path);
    assert.equal(store.command(1)?.commit, "3fa9c1b");
    assert.equal(store.run("abcdefabcdef")?.commit, commit);
    assert.equal(store.statuses.status({ repo: "o/r", commit })?.run, "abcdefabcdef");
    assert.equal(store.statuses.decisiveRun({ repo: "o/r", commit })?.id, "abcdefabcdef");
    assert.equal(store.schedule.branch("o/r").commit, commit);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

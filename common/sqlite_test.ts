import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "./errors.ts";
import { openDatabase } from "./sqlite.ts";

const first = "CREATE TABLE runs (run TEXT) STRICT";
const second = "ALTER TABLE runs ADD COLUMN host TEXT";

Deno.test("a database goes forward to what a newer program wants, and an older one refuses it then", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "some.db");
    openDatabase(path, { migrations: [first] }).close();
    const db = openDatabase(path, { migrations: [first, second] });
    db.exec("INSERT INTO runs (run, host) VALUES ('a', 'b')");
    db.close();
    assert.throws(() => openDatabase(path, { migrations: [first] }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Could not open the database ".*some\.db": a newer version/);
      return true;
    });
    openDatabase(path, { migrations: [first, second] }).close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

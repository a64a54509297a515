import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { migrations } from "./schema.ts";
import { Store } from "./store.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { main, tell } from "../testing/story.ts";

/** Migrations of a database that keeps what a run came to in the run's own row. */
const LONG_ROWS = 5;

Deno.test("a database with long rows is taken over, with what its runs tell of their stages", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, {
    run: "before-1",
    recipe: "miniflux",
    subject: main,
    base: "1.0.0+1",
    stages: [
      {
        name: "install",
        seconds: 12.5,
        resources: [{ service: "app", peakMemoryBytes: 1, cpuSeconds: 1, diskBytes: null }],
      },
      { name: "upgrade", result: "failed", seconds: 4 },
    ],
    result: "failed",
  });
  const { store } = dashboard.deps;
  const progress = store.progressOf("before-1");

  const path = `${dashboard.folder}/old.db`;
  {
    using old = new DatabaseSync(path);
    for (const script of migrations.slice(0, LONG_ROWS)) old.exec(script);
    old.exec(`PRAGMA user_version = ${LONG_ROWS}`);
    const run = store.find("before-1");
    old.prepare(
      `INSERT INTO runs (run, recipe, class, subject, commit_id, announced, position, announced_at, state, base, progress)
       VALUES ('before-1', 'miniflux', 'public', ?, ?, 'running', 0, 1, 'failed', '1.0.0+1', ?)`,
    ).run(JSON.stringify(main), run?.commit ?? "", JSON.stringify(progress));
  }
  using taken = new Store(path);
  assert.deepEqual(taken.progressOf("before-1"), progress);
  const past = (of: Store) =>
    of.history.trend("miniflux", { class: "public", limit: 9 }).map((run) => [run.stages, run.measured]);
  assert.deepEqual(past(taken), past(store));
  assert.deepEqual(past(taken), [[
    [{ name: "install", outcome: "passed", seconds: 12.5 }, {
      name: "upgrade",
      outcome: "failed",
      seconds: 4,
    }],
    true,
  ]]);
});

import assert from "node:assert/strict";
import type { StageName } from "../../protocol/result.ts";
import { readLines } from "./log_lines.ts";
import type { RunDetail } from "../model/run.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf } from "../testing/story.ts";

const run = "mixture-1";
/** Lines of each stage in a batch, which the harness sent one after the other. */
type Batch = Partial<Record<StageName, number>>;

/** A run whose log came in these batches, each line with the number that it has in its stage. */
async function told(batches: Batch[]): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await dashboard.announce(run, announcementOf({ recipe: "miniflux" }));
  const t = dashboard.clock.iso();
  const counts: Batch = {};
  const events = eventsOf({ run, recipe: "miniflux" }, () => t, () => {}).slice(0, 2);
  await dashboard.events(run, { offset: 0, events });
  let offset = events.length;
  for (const batch of batches) {
    const lines = Object.entries(batch).flatMap(([name, count]) => {
      const stage = name as StageName;
      const before = counts[stage] ?? 0;
      counts[stage] = before + count;
      return Array.from(
        { length: count },
        (_, at) => ({ t, type: "log", stage, line: `${before + at + 1} ${"x".repeat(100)}` }),
      );
    });
    await dashboard.events(run, { offset, events: lines });
    offset += lines.length;
  }
  return dashboard;
}

function detail(dashboard: TestDashboard): RunDetail {
  return dashboard.deps.store.detail(run) ?? assert.fail("no run");
}

/** Counts the events that are read from files from now on. */
function counted(dashboard: TestDashboard): () => number {
  const { files } = dashboard.deps;
  const read = files.read.bind(files);
  let events = 0;
  files.read = async function* (...asked) {
    for await (const batch of read(...asked)) {
      events += batch.length;
      yield batch;
    }
  };
  return () => events;
}

const much: Batch = { install: 5_000 };

Deno.test("a short stage is read no further than to its last line, however long the log goes on", async () => {
  await using dashboard = await told([{ fetch: 5 }, ...Array.from({ length: 6 }, () => much)]);
  for (
    const [path, last] of [["stages/fetch", /id="fetch-5"/], ["log.txt?stage=fetch", / 5 x+\n$/]] as const
  ) {
    const events = counted(dashboard);
    assert.match(await dashboard.page(`/runs/${run}/${path}`), last);
    assert.ok(events() < 2_000, `${events()} events were read for ${path}`);
  }
});

Deno.test("what lies between two lines of a stage is not read", async () => {
  await using dashboard = await told([{ fetch: 2 }, ...Array.from({ length: 6 }, () => much), { fetch: 2 }]);
  const events = counted(dashboard);
  const lines = await readLines(dashboard.deps, detail(dashboard), { stage: "fetch", from: 1, limit: 1_000 });
  assert.deepEqual(lines.map(({ number, text }) => `${number} ${text.split(" ")[0]}`), [
    "1 1",
    "2 2",
    "3 3",
    "4 4",
  ]);
  assert.ok(events() < 4_000, `${events()} events were read`);
});

Deno.test("lines come whole and in order from wherever they lie, plain or packed", async () => {
  const batches: Batch[] = [];
  for (let at = 0; at < 20; at++) {
    batches.push({ install: at % 3 * 700, upgrade: at % 4 === 1 ? 3 : 0, fetch: at === 0 ? 1 : 0 });
  }
  await using dashboard = await told(batches);
  for (const packed of [false, true]) {
    if (packed) await dashboard.deps.files.pack(run);
    for (const stage of ["fetch", "install", "upgrade"] as const) {
      const total = detail(dashboard).progress.lines[stage] ?? 0;
      for (const from of [1, 2, Math.ceil(total / 2), total, total + 1]) {
        for (const limit of [1, 10, 2_000]) {
          const lines = await readLines(dashboard.deps, detail(dashboard), { stage, from, limit });
          const wanted = Array.from(
            { length: Math.max(0, Math.min(limit, total - from + 1)) },
            (_, at) => from + at,
          );
          assert.deepEqual(lines.map(({ number }) => number), wanted, `${stage} from ${from}`);
          assert.deepEqual(lines.map(({ text }) => parseInt(text)), wanted);
        }
      }
    }
  }
});

import assert from "node:assert/strict";
import { systemClock } from "../../common/time.ts";
import type { RunPlan } from "../run/folder.ts";
import { RunRecord } from "../run/record.ts";
import { emptyReport } from "../run/stage.ts";
import { RunFolder } from "../run/folder.ts";
import { stuckIn, supervise, type SuperviseOptions } from "./supervise.ts";

const head = { published: null };

Deno.test("a worker that is stuck in a stage in which no recipe runs is not held against the recipe", () => {
  assert.deepEqual(stuckIn("fetch", { ms: 300_000, record: head }), {
    kind: "infra",
    cause: "It ran longer than 5 min 00 s",
    stage: "fetch",
  });
  assert.equal(stuckIn("lint", { ms: 1_000, record: head }).kind, "infra");
  assert.equal(stuckIn("images", { ms: 1_000, record: head }).kind, "infra");
  assert.equal(stuckIn("install", { ms: 1_000, record: head }).kind, "timed_out");
  assert.equal(stuckIn("upgrade", { ms: 1_000, record: head }).kind, "timed_out");
});

Deno.test("a worker that is stuck while a published version runs blocks the upgrade, and fails nothing", () => {
  const end = stuckIn("upgrade", { ms: 900_000, record: { published: "1.0.0+2" } });
  assert.deepEqual(end, {
    kind: "blocked",
    cause: "the published version 1.0.0+2, which does not end in time: It ran longer than 15 min 00 s",
    stage: "upgrade",
  });
  const plan = {
    stages: ["fetch", "install", "upgrade", "teardown"],
    request: { run: "r", recipe: "blog", source: { kind: "path", path: "/blog", revision: null } },
    startedAt: new Date(systemClock.now()).toISOString(),
  } as unknown as RunPlan;
  const record = new RunRecord(plan);
  record.reports.push(emptyReport("fetch", "passed"), emptyReport("install", "passed"));
  record.running.add("upgrade");
  record.reports.push(...record.unfinished(end), emptyReport("teardown", "passed"));
  const { result, stages } = record.result(end);
  assert.equal(result, "passed");
  assert.deepEqual(stages.map(({ name, result }) => `${name} ${result}`), [
    "fetch passed",
    "install passed",
    "upgrade blocked",
    "teardown passed",
  ]);
  assert.equal(stages[2]?.reason, end.kind === "blocked" ? end.cause : "");
});

Deno.test("a published version in the other lane does not excuse the install lane", () => {
  assert.equal(stuckIn("install", { ms: 1_000, record: { published: "1.0.0+2" } }).kind, "timed_out");
});

/** Has a worker looked after in a folder of its own. */
async function supervised(
  look: (options: Omit<SuperviseOptions, "cancelled" | "ready">) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    const plan = {
      stages: ["fetch", "teardown"],
      request: {
        run: crypto.randomUUID(),
        recipe: "blog",
        mode: "local",
        source: { kind: "path", path: "/blog", revision: null },
      },
      settings: { RUNS: path, RUN_DEADLINE_S: 60, RUN_DEADLINE_MAX_S: 60 },
      startedAt: new Date(systemClock.now()).toISOString(),
    } as unknown as RunPlan;
    await look({
      plan,
      folder: new RunFolder(path),
      record: new RunRecord(plan),
      emit: () => Promise.resolve(),
    });
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("a run that is cancelled while its surroundings are looked at is cancelled, not trouble of the host", async () => {
  await supervised(async (options) => {
    const why = "Whoever started the run is gone";
    const looking = new AbortController();
    const ended = supervise({
      ...options,
      cancelled: looking.signal,
      ready: new Promise((_, reject) =>
        looking.signal.addEventListener("abort", () => reject(looking.signal.reason))
      ),
    });
    looking.abort(why);
    assert.deepEqual(await ended, { kind: "cancelled", cause: why });
    const failed = supervise({
      ...options,
      cancelled: new AbortController().signal,
      ready: Promise.reject(new Error("Docker does not answer")),
    });
    await assert.rejects(failed, /Docker does not answer/);
  });
});

Deno.test("a run whose stages have all ended is through, whatever ends its worker after that", async () => {
  await supervised(async (options) => {
    options.record.learn({ type: "end" });
    const cancelled = AbortSignal.abort("Stopped at the keyboard");
    const end = await supervise({ ...options, cancelled, ready: Promise.resolve() });
    assert.deepEqual(end, { kind: "finished" });
  });
});

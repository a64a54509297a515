import assert from "node:assert/strict";
import { join } from "node:path";
import { RunRecord } from "./record.ts";
import { RunFolder, runFolders } from "./folder.ts";
import { domainsOfRun } from "../app/settings.ts";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { FileLock, signature } from "../../common/file_lock.ts";
import { readSettings } from "./settings.ts";
import { emptyReport } from "./stage.ts";
import { runResult } from "../../protocol/result.ts";

const settings = readSettings((name) => ({ CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: "/nonexistent" })[name]);
const request = {
  mode: "local",
  run: "abcdef-1",
  recipe: "wiki",
  source: { kind: "url", url: "https://git.test/a/wiki", revision: null },
  base: null,
  only: null,
  keep: false,
} as const;

async function withRuns(work: (runs: string) => Promise<void>) {
  const runs = await Deno.makeTempDir();
  try {
    await work(runs);
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

const plan = { request, settings, startedAt: "2026-01-01T00:00:00.000Z" };

Deno.test("a run's apps are planned, and its folder locked, before anything exists", () =>
  withRuns(async (runs) => {
    const path = join(runs, "abcdef-1");
    const { folder, lock } = await RunFolder.create(path, plan);
    {
      using _lock = lock;
      const read = await folder.plan();
      assert.deepEqual(read?.apps.map((app) => app.lane), ["install", "upgrade"]);
      assert.equal(new Set(read?.apps.flatMap((app) => [app.stack, app.domain, app.abraDir])).size, 6);
      assert.equal(await FileLock.take(folder.lock), null, "nobody else may think that the keeper is dead");
      assert.equal(await folder.state(), "open");
      const file = join(path, "run.json");
      const older = (await Deno.readTextFile(file)).replace('"lane": "install"', '"lane": "a"');
      await Deno.writeTextFile(file, older.replace('"lane": "upgrade"', '"lane": "b"'));
      assert.deepEqual(await folder.plan(), read, "a folder of an earlier version can be cleaned up");
    }
    using free = await FileLock.take(folder.lock);
    assert.notEqual(free, null);
    await assert.rejects(RunFolder.create(path, plan), { code: "run.exists" });
    await Deno.mkdir(join(runs, ".cache"));
    assert.deepEqual((await runFolders(runs)).map((one) => one.path), [path]);
  }));

Deno.test("a run knows all domains of its providers, and those of a plan of an earlier version by their own", () =>
  withRuns(async (runs) => {
    const path = join(runs, "abcdef-1");
    const providers = [{ recipe: "login", warm: false, extra_domains: ["admin"] }];
    const { folder, plan: made, lock } = await RunFolder.create(path, { ...plan, providers });
    using _lock = lock;
    const known = async () => (await folder.plan())?.providers.map(({ domains }) => domains);
    const [{ domain = "" } = {}] = made.providers;
    const [label, ...rest] = domain.split(".");
    assert.deepEqual(await known(), [[domain, [`${label}-admin`, ...rest].join(".")]]);
    const all = domainsOfRun(made, { ...defaultEnrolment("wiki"), extra_domains: ["www"] });
    assert.equal(
      all.length,
      2 * made.apps.length + 2,
      "whoever looks for the run's domains finds all of these",
    );
    const file = join(path, "run.json");
    const older = JSON.stringify({ ...made, providers: made.providers.map(({ domains: _, ...one }) => one) });
    await Deno.writeTextFile(file, older);
    assert.deepEqual(await known(), [[domain]]);
  }));

Deno.test("tests can be run against an app that an earlier version left up", () =>
  withRuns(async (runs) => {
    const { folder, lock } = await RunFolder.create(join(runs, "abcdef-1"), plan);
    using _lock = lock;
    const noted = {
      secrets: { db_password: "correct-horse" },
      version: "1.0.0+1",
      base: null,
      marker: "m4rk",
      handed: { token: { value: "tr0ub4dor", secret: true }, name: { value: "ci", secret: false } },
    };
    await Deno.writeTextFile(join(folder.tmp, "kept-install.json"), JSON.stringify(noted));
    const hidden = ["correct-horse", "tr0ub4dor"];
    assert.deepEqual(await folder.kept("install"), { ...noted, hidden }, "it did not note what its run hid");
    await folder.noteKept("install", { ...noted, hidden: ["of-a-provider"] });
    assert.deepEqual((await folder.kept("install"))?.hidden, ["of-a-provider"]);
  }));

Deno.test("the holder of a lock can be asked for its name", () =>
  withRuns(async (runs) => {
    const path = join(runs, ".slot");
    using lock = await FileLock.take(path);
    await lock?.sign("a-much-longer-name-1");
    await lock?.sign("abcdef-1");
    assert.equal(await signature(path), "abcdef-1");
    assert.equal(await signature(join(runs, "nowhere")), null);
  }));

Deno.test("a run that was cut off has a report for every stage it should have gone through", async () => {
  await withRuns(async (runs) => {
    const { plan: made, lock } = await RunFolder.create(join(runs, "abcdef-1"), plan);
    using _lock = lock;
    const t = "2026-01-01T00:00:01.000Z";
    const record = new RunRecord(made);
    record.take({ t, type: "stage.finished", report: emptyReport("fetch", "passed") });
    record.take({ t, type: "stage.started", stage: "lint" });
    const ends = [
      { end: { kind: "cancelled", cause: "by hand" } as const, running: "skipped", rest: "skipped" },
      {
        end: { kind: "timed_out", cause: "late", stage: null } as const,
        running: "failed",
        rest: "blocked",
      },
      {
        end: { kind: "infra", cause: "died", stage: null } as const,
        running: "infra",
        rest: "blocked",
      },
    ];
    for (const { end, running, rest } of ends) {
      const [first, ...others] = record.unfinished(end).map((one) => one.result);
      assert.equal(first, running, end.kind);
      assert.deepEqual(new Set(others), new Set([rest]), end.kind);
    }
    assert.deepEqual(
      record.unfinished({ kind: "cancelled", cause: "by hand" }).slice(0, 2).map(({ name, reason }) =>
        `${name}: ${reason?.replace(/ \d.*/, " …")}`
      ),
      ["lint: cancelled after …", "images: cancelled before it began"],
    );
    assert.deepEqual(record.abra, {});
    const versions = { abra: "0.14.0", abraTested: false, abraStandIn: false, docker: "28", browser: "140" };
    record.learn({ type: "versions", ...versions });
    assert.deepEqual(record.abra, { abra: { version: "0.14.0", tested: false } });
    const result = record.result({ kind: "infra", cause: "died", stage: null });
    assert.ok(runResult.safeParse(result).success);
    assert.deepEqual([result.result, result.cause, result.level], ["infra", "died", 0]);
  });
});

Deno.test("what a run is about is known from the event that names its commit", async () => {
  await withRuns(async (runs) => {
    const { plan: made, lock } = await RunFolder.create(join(runs, "abcdef-1"), plan);
    using _lock = lock;
    const record = new RunRecord(made);
    const subject = { kind: "branch", name: "main", src: "o/r" } as const;
    const facts = { t: "2026-01-01T00:00:01.000Z", commit: "3fa9c1b", dirty: false, base: null };
    record.take({ ...facts, type: "run.subject", subject });
    record.take({ ...facts, type: "run.subject" });
    assert.deepEqual(record.subject, subject);
  });
});

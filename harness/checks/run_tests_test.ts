import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../../common/fake_clock.ts";
import type { App } from "../app/app.ts";
import { type StageContext, StageTimeout } from "../run/stage.ts";
import type { RunContext } from "./context.ts";
import { runEnrolledTest } from "./run_tests.ts";

const hangs = `import { test } from "cc-ci";
test("hangs", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  console.log("longer than a second");
  await new Promise(() => {});
});
`;

Deno.test("a test that begins as the stage's time runs out is ended by the stage, and is no test that did not end", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    await Deno.writeTextFile(join(folder, "install_test.ts"), hangs);
    const stage = new AbortController();
    const over = new StageTimeout(600_000);
    const ctx = {
      stage: "install",
      clock: new FakeClock(),
      signal: stage.signal,
      remaining: () => 1_000,
      // The end of the stage's time waits for the test, however long this machine takes to start it.
      log(line: string) {
        if (line.includes("longer than a second")) stage.abort(over);
      },
      screenshot() {},
    } as unknown as StageContext;
    const app = { stack: "wiki", domains: ["wiki.ci.test"], published: null, secrets: {}, handed: {} };
    const run = {
      enrolment: { recipe: "wiki", folder, extra_domains: [] },
      plan: { settings: { DENO: Deno.execPath(), RUNS: folder, INGRESS: "127.0.0.1:1" } },
      folder: { tmp: join(folder, "tmp"), screenshots: folder },
      compose: { head: { files: [] }, base: null },
      repo: { head: "3fa9c1b7" },
      app: () => app,
      restoredAt: null,
      base: null,
      marker: "m4rk",
      neededBy: null,
      orphans: [],
      pictures: "",
      enrolledTestsChecked: true,
      browser: () => Promise.resolve({}),
    } as unknown as RunContext;
    await assert.rejects(
      runEnrolledTest(run, { app: app as unknown as App, ctx, kind: "install" }),
      (error: Error) => error === over,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

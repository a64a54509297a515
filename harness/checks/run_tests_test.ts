import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { App } from "../app/app.ts";
import { type StageContext, StageTimeout } from "../run/stage.ts";
import type { RunContext } from "./context.ts";
import { runEnrolledTest, runStep } from "./run_tests.ts";

const hangs = `import { test } from "cc-ci";
test("hangs", async () => {
  console.log("it goes on");
  await new Promise(() => {});
});
`;
const tells = `import { orphans, setup } from "cc-ci";
setup(async () => console.log("orphans: " + (await orphans()).length));
`;

const app = {
  stack: "wiki",
  domains: ["wiki.ci.test"],
  published: null,
  secrets: {},
  handed: {},
} as unknown as App;

/** A run in a folder with a file of the enrolment. */
async function withRun(
  [name, text]: readonly [name: string, text: string],
  work: (run: RunContext, folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    await Deno.writeTextFile(join(folder, name), text);
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
      pictures: "",
      enrolledTestsChecked: true,
      browser: () => Promise.resolve({}),
    } as unknown as RunContext;
    await work(run, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a test that begins as the stage's time runs out is ended by the stage, and is no test that did not end", () =>
  withRun(["install_test.ts", hangs], async (run) => {
    const stage = new AbortController();
    const over = new StageTimeout(600_000);
    const ctx = {
      stage: "install",
      clock: new FakeClock(),
      signal: stage.signal,
      remaining: () => 1, // less than Deno needs to start
      // The end of the stage's time waits for the test, however long this machine takes to start it.
      log(line: string) {
        if (line.includes("it goes on")) stage.abort(over);
      },
      screenshot() {},
    } as unknown as StageContext;
    await assert.rejects(
      runEnrolledTest(run, { app, ctx, kind: "install" }),
      (error: Error) => error === over,
    );
  }));

Deno.test("what earlier runs have left is told to the file that made it alone", () =>
  withRun(["setup.ts", tells], async (run, folder) => {
    const told: string[] = [];
    const ctx = {
      stage: "install",
      clock: new FakeClock(),
      signal: new AbortController().signal,
      remaining: () => 600_000,
      log: (line: string) => told.push(...line.match(/orphans: \d/) ?? []),
    } as unknown as StageContext;
    const own = {
      file: join(folder, "setup.ts"),
      where: "recipes/blog/oidc.ts",
      orphans: [{ neededBy: ["blog.ci.test"], handed: {} }],
    };
    const ran = [
      await runStep(run, { app, ctx, step: "setup", own }),
      await runStep(run, { app, ctx, step: "setup" }),
    ];
    assert.deepEqual(ran.map((one) => one?.outcome.ok), [true, true]);
    assert.deepEqual(told, ["orphans: 1", "orphans: 0"]);
  }));

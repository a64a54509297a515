import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import type { WatchedBrowser } from "../browser/types.ts";
import type { PlannedApp, RunFolder, RunPlan } from "../run/folder.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { type KeptTests, runKeptTests } from "./run_kept.ts";

/** Runs a test that is written against an app that is up. @returns also what was said, and which domains were reachable */
async function runAgainstKept(text: string, hidden: string[]) {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    await Deno.mkdir(join(folder, "recipe"));
    await Deno.mkdir(join(folder, "tmp"));
    await Deno.writeTextFile(join(folder, "recipe", "install_test.ts"), text);
    const app: PlannedApp = { lane: "install", domain: "wiki.ci.test", stack: "wiki", abraDir: "/nowhere" };
    const said: string[] = [];
    const reachable: string[] = [];
    const tests: KeptTests = {
      folder: { tmp: join(folder, "tmp"), screenshots: folder } as RunFolder,
      plan: {
        request: { run: "abcdef-1" },
        apps: [app],
        providers: [{ domain: "login.ci.test", domains: ["login.ci.test", "login-admin.ci.test"] }],
        settings: { DENO: Deno.execPath(), RUNS: folder, INGRESS: "127.0.0.1:1" },
      } as unknown as RunPlan,
      app,
      kept: { secrets: {}, version: "3fa9c1b7", base: null, marker: "m4rk", handed: {}, hidden },
      enrolment: { ...defaultEnrolment("wiki"), folder: join(folder, "recipe"), extra_domains: ["www"] },
      checkout: null,
      stages: ["install"],
      swarm: { services: () => Promise.resolve([]) } as unknown as Swarm,
      say: (line) => void said.push(line),
      signal: new AbortController().signal,
      open: (domains) => {
        reachable.push(...domains);
        return Promise.resolve(
          { [Symbol.asyncDispose]: () => Promise.resolve() } as unknown as WatchedBrowser,
        );
      },
    };
    return { outcomes: await runKeptTests(tests), said: said.join("\n"), reachable };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("tests of an app that is up see what a run's see of its domains, and print nothing that a run hides", async () => {
  const { outcomes, said, reachable } = await runAgainstKept(
    `import { test } from "cc-ci";
test("prints", () => {
  console.log("It is corr");
  console.log("ect-horse-battery");
  console.log("nothing else");
  throw new Error("It was tr0ub4dor-and-3");
});
`,
    ["correct-horse-battery", "tr0ub4dor-and-3"],
  );
  assert.deepEqual(reachable, [
    "wiki.ci.test",
    "wiki-www.ci.test",
    "login.ci.test",
    "login-admin.ci.test",
  ]);
  assert.match(said, /nothing else/);
  assert.match(JSON.stringify(outcomes), /It was •••/);
  assert.doesNotMatch(said + JSON.stringify(outcomes), /corr|ect-horse|tr0ub4dor/);
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleResult } from "../../protocol/testing/sample_result.ts";
import { lastGreenPulls } from "./last_green.ts";

Deno.test("the last run of the recipe that passed and had images of a registry is the one to compare with", async () => {
  const runs = await Deno.makeTempDir();
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
  const write = async (run: string, changes: object, of: string | null) => {
    await Deno.mkdir(join(runs, run));
    const pulls = [{ image: "nginx:1", digest: of, bytes: 1, seconds: 1, from: "registry" }];
    const result = { ...sampleResult(), run, recipe: "quick", result: "passed", pulls, ...changes };
    await Deno.writeTextFile(join(runs, run, "result.json"), JSON.stringify(result));
  };
  try {
    await write("zzzzzz-1", { finishedAt: "2026-01-01T00:00:00Z" }, digest("a"));
    await write("aaaaaa-1", { finishedAt: "2026-01-02T00:00:00Z" }, digest("b"));
    await write("bbbbbb-1", { finishedAt: "2026-01-03T00:00:00Z", result: "failed" }, digest("c"));
    await write("cccccc-1", { finishedAt: "2026-01-03T00:00:00Z", recipe: "other" }, digest("c"));
    await write("dddddd-1", { finishedAt: "2026-01-03T00:00:00Z" }, null);
    await write("eeeeee-1", { finishedAt: "2026-01-04T00:00:00Z" }, digest("d"));
    await Deno.mkdir(join(runs, "ffffff-1"));
    const found = await lastGreenPulls(runs, { recipe: "quick", except: "eeeeee-1" });
    assert.deepEqual([found?.run, found?.pulls[0]?.digest], ["aaaaaa-1", digest("b")]);
    assert.equal(await lastGreenPulls(runs, { recipe: "nobody", except: "" }), null);
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { exec } from "../common/exec.ts";
import { exists } from "../common/files.ts";
import { waitFor } from "../common/time.ts";
import { difference, engineAnswers, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

const root = new URL("..", import.meta.url).pathname;

interface DemoAnswer {
  result: string;
  stage: string | null;
  cause: string | null;
  level: number;
  stages: { name: string; result: string; seconds: number; cause: string | null }[];
  urls: { pr: string; run: string; badge: string };
  comment: string;
  surprises: string[];
}

/** Runs a command of the README and returns what it ended with. */
async function ccci(...args: string[]) {
  return await exec([`${root}cc-ci`, ...args], {
    cwd: root,
    timeoutMs: 30 * 60_000,
    onOutput: (chunk, stream) => stream === "stderr" && Deno.stderr.writeSync(chunk),
  });
}

/** What Docker holds once the stack is down and nothing comes or goes any more; an engine of ours is gone altogether. */
async function restingState(): Promise<string[] | "no engine"> {
  if (!await engineAnswers()) return "no engine";
  let last: string[] = [];
  return await waitFor(async () => {
    const before = last;
    last = await inventory();
    return difference(before, last).length === 0 ? last : undefined;
  }, { what: "Docker to be at rest", timeoutMs: 180_000, everyMs: 1_000 });
}

/** What is not as it was. */
function changed(before: string[] | "no engine", after: string[] | "no engine"): string[] {
  if (before === "no engine" || after === "no engine") {
    return before === after ? [] : [`${before} before, ${after} after`];
  }
  return difference(before, after);
}

async function playDemo(...args: string[]): Promise<{ code: number; answer: DemoAnswer }> {
  assert.equal((await ccci("down")).code, 0);
  const before = await restingState();
  const ended = await ccci("demo", "--once", "--json", ...args);
  const lines = ended.stdout.trimEnd().split("\n");
  assert.equal(lines.length, 1, "standard output must hold the JSON object and nothing else");
  assert.deepEqual(changed(before, await restingState()), [], "the demo must leave nothing behind");
  const [, report = "", after = ""] = /^Report +(.*)$([^]*)/m.exec(ended.stderr) ?? [];
  assert.ok(await exists(report), `the report of the run stays: ${report}`);
  assert.doesNotMatch(after, /https?:/, "the last words name no address that is gone");
  return { code: ended.code, answer: JSON.parse(lines[0] ?? "") };
}

onRealServices(
  "demo --once ends with a passed run and a comment that says so, and leaves nothing behind",
  async () => {
    const { code, answer } = await playDemo();
    assert.deepEqual(answer.surprises, []);
    assert.equal(code, 0);
    assert.equal(answer.result, "passed");
    assert.equal(answer.level, 5);
    assert.deepEqual(answer.stages.map(({ name, result }) => [name, result]), [
      ["fetch", "passed"],
      ["lint", "passed"],
      ["images", "passed"],
      ["install", "passed"],
      ["backup", "passed"],
      ["restore", "passed"],
      ["tests", "passed"],
      ["upgrade", "passed"],
      ["teardown", "passed"],
    ]);
    const timed = answer.stages.filter(({ name }) => name !== "images"); // they were made before the run
    assert.ok(timed.every((stage) => stage.seconds > 0), "every stage takes time");
    assert.match(answer.comment, /✅.*custom-html.*passed/);
    assert.ok(answer.comment.includes(answer.urls.run), "the comment links to the run");
  },
);

onRealServices("demo --break ends with the upgrade found out as losing data", async () => {
  const { code, answer } = await playDemo("--break");
  assert.deepEqual(answer.surprises, []);
  assert.equal(code, 0);
  assert.equal(answer.result, "failed");
  assert.equal(answer.stage, "upgrade");
  assert.match(answer.cause ?? "", /data written before the upgrade is gone/);
  assert.match(answer.comment, /❌.*upgrade.*data written before the upgrade is gone/);
  const teardown = answer.stages.find((stage) => stage.name === "teardown");
  assert.equal(teardown?.result, "passed");
});

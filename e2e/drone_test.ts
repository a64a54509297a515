import assert from "node:assert/strict";
import * as z from "zod";
import { waitFor } from "../common/time.ts";
import type { RunView } from "../protocol/dashboard_api.ts";
import { tokenFile } from "../local/accounts.ts";
import { openDemoPullRequest } from "../local/demo/push.ts";
import { headline, isVerdict, type PullRequest } from "../local/demo/pull_request.ts";
import { readRun } from "../local/demo/watch.ts";
import { DRONE_URL, PIPELINES } from "../local/drone/files.ts";
import { ensureImages } from "../local/images/mod.ts";
import { silentProgress } from "../local/progress.ts";
import { ensureStack, type Stack } from "../local/stack.ts";
import { stackFetch } from "./harness_cli.ts";
import { assertSameInventory, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

const RECIPE = "custom-html";
const VERDICT_MS = 8 * 60_000;

const builds = z.array(z.object({
  number: z.number(),
  status: z.string(),
  params: z.record(z.string(), z.string()).nullish(),
}));

interface Scene {
  stack: Stack;
  fetch: typeof fetch;
  before: string[];
}

async function openScene(): Promise<Scene> {
  const stack = await ensureStack({ progress: silentProgress, engine: "drone" });
  const { cache, engineIsOurs } = stack;
  await ensureImages(RECIPE, { progress: silentProgress, cache, engineIsOurs });
  return { stack, fetch: await stackFetch(stack), before: await inventory() };
}

/** Runs go back to being the bridge's own processes. */
Deno.test.afterAll(async () => void await ensureStack({ progress: silentProgress, engine: "local" }));

async function runOf(pull: PullRequest): Promise<string> {
  const reply = await pull.waitForReply(() => true, { what: "the bridge's comment", timeoutMs: 30_000 });
  const run = reply.body.match(/\/runs\/([a-z0-9]+-[0-9]+)/)?.[1];
  assert.ok(run !== undefined, `a run's address in: ${reply.body}`);
  return run;
}

function view({ stack, fetch }: Scene, run: string): Promise<RunView | undefined> {
  return readRun(run, { dashboard: stack.urls.dashboard, fetch });
}

async function verdictOf(pull: PullRequest): Promise<string> {
  const look = { what: "the verdict in the comment", timeoutMs: VERDICT_MS };
  return (await pull.waitForReply(({ body }) => isVerdict(body), look)).body;
}

async function buildOf({ stack, fetch }: Scene, run: string) {
  const token = await Deno.readTextFile(tokenFile(stack.paths, "drone"));
  const response = await fetch(`${DRONE_URL}/api/repos/${PIPELINES}/builds?per_page=100`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const own = builds.parse(await response.json()).filter((build) => build.params?.RUN === run);
  assert.equal(own.length, 1, "one build for one run");
  return own[0];
}

onRealServices("a run by Drone, another behind it that is cancelled while it runs", async () => {
  const scene = await openScene();
  const { stack } = scene;
  const pulls: PullRequest[] = [];
  for (const _ of [1, 2]) pulls.push(await openDemoPullRequest({ stack, recipe: RECIPE, variant: "good" }));
  const [first, second] = pulls;
  assert.ok(first !== undefined && second !== undefined);
  await first.comment("!testme");
  const run = await runOf(first);
  await second.comment("!testme");
  await second.waitForReply(({ body }) => /^⏳ \*\*Queued: .* · behind 1 run/.test(body), {
    what: "its place in the queue",
    timeoutMs: 30_000,
  });
  const text = await verdictOf(first);
  const told = await view(scene, run);
  assert.ok(headline(text).startsWith(told?.state === "passed" ? "✅" : "❌"), headline(text));
  assert.ok(told?.result?.stages.some(({ name, result }) => name === "install" && result === "passed"));
  const build = await buildOf(scene, run);
  assert.deepEqual(Object.keys(build?.params ?? {}).sort(), ["PR", "RECIPE", "REF", "RUN", "SRC"]);
  assert.equal(build?.status, told?.state === "passed" ? "success" : "failure");

  const cancelled = await runOf(second);
  await waitFor(async () => {
    const stages = (await view(scene, cancelled))?.stages;
    return stages?.some((stage) => stage.name === "install" && stage.running);
  }, { what: "the second run to install the app", timeoutMs: 60_000 });
  const asked = performance.now();
  await second.comment("!testme cancel");
  assert.match(headline(await verdictOf(second)), /^⏹️/);
  assert.ok(performance.now() - asked < 60_000, "within a minute");
  const end = await view(scene, cancelled);
  const teardown = end?.result?.stages.find(({ name }) => name === "teardown");
  assert.equal(teardown?.result, "passed", "the harness heard it from the dashboard and cleaned up");
  assert.equal(
    (await buildOf(scene, cancelled))?.status,
    "failure",
    "its exit code says so; Drone killed nothing",
  );
  await assertSameInventory(scene.before);
});

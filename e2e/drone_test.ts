import assert from "node:assert/strict";
import * as z from "zod";
import { waitFor } from "../common/time.ts";
import type { RunView } from "../protocol/dashboard_api.ts";
import { up } from "../local/commands/up.ts";
import { tokenFile } from "../local/host/accounts.ts";
import { openDemoPullRequest } from "../local/demo/push.ts";
import { headline, isVerdict, type PullRequest } from "../local/demo/pull_request.ts";
import { readRun } from "../local/demo/watch.ts";
import { DRONE_URL, PIPELINES } from "../local/drone/files.ts";
import { ensureImages } from "../local/images/mod.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack, type Stack } from "../local/stack/stack.ts";
import { stackFetch } from "./harness_cli.ts";
import { assertSameInventory, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

const RECIPE = "custom-html";
const VERDICT_MS = 20 * 60_000;

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
Deno.test.afterAll(async () => void await up(["--engine", "local"]));

async function runOf(pull: PullRequest): Promise<string> {
  const reply = await pull.waitForReply(() => true, { what: "the bridge's comment", timeoutMs: 180_000 });
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

async function buildsOf({ stack, fetch }: Scene, run: string) {
  const token = await Deno.readTextFile(tokenFile(stack.paths, "drone"));
  const response = await fetch(`${DRONE_URL}/api/repos/${PIPELINES}/builds?per_page=100`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return builds.parse(await response.json()).filter((build) => build.params?.RUN === run);
}

/** Opens a pull request and says `!testme`. */
async function command({ stack }: Scene): Promise<{ pull: PullRequest; run: string }> {
  const pull = await openDemoPullRequest({ stack, recipe: RECIPE, variant: "good" });
  await pull.comment("!testme");
  return { pull, run: await runOf(pull) };
}

onRealServices(
  "a run by Drone comes to its verdict; one behind it sees its place and is taken back",
  async () => {
    const scene = await openScene();
    const { pull, run } = await command(scene);
    const behind = await command(scene);
    const place = ({ body }: { body: string }) => /^⏳ \*\*Queued: .* · behind \d+ run/.test(body);
    await behind.pull.waitForReply(place, { what: "its place in the queue", timeoutMs: 180_000 });
    await behind.pull.comment("!testme cancel");
    assert.match(headline(await verdictOf(behind.pull)), /^⏹️/);
    assert.equal((await buildsOf(scene, behind.run)).length, 0, "the bridge had kept it back");

    const text = await verdictOf(pull);
    assert.ok(headline(text).startsWith("✅"), headline(text));
    await waitFor(async () => (await view(scene, run))?.state === "passed", {
      what: "the dashboard to show the same",
      timeoutMs: 120_000,
    });
    const [build, ...others] = await buildsOf(scene, run);
    assert.deepEqual(others, [], "one build for one run");
    assert.deepEqual(Object.keys(build?.params ?? {}).sort(), ["PR", "RECIPE", "REF", "RUN", "SRC"]);
    assert.equal(build?.status, "success");
    await assertSameInventory(scene.before);
  },
);

onRealServices(
  "a cancel reaches the harness through the dashboard, which then cleans up in peace",
  async () => {
    const scene = await openScene();
    const { pull, run } = await command(scene);
    await waitFor(async () => {
      const stages = (await view(scene, run))?.stages;
      return stages?.some((stage) => stage.name === "install" && (stage.running || stage.report !== null));
    }, { what: "the run to install the app", timeoutMs: VERDICT_MS });
    await pull.comment("!testme cancel");
    assert.match(headline(await verdictOf(pull)), /^⏹️/);
    const result = await waitFor(async () => (await view(scene, run))?.result ?? undefined, {
      what: "the run's result on the dashboard",
      timeoutMs: 120_000,
    });
    assert.equal(result.stages.find(({ name }) => name === "teardown")?.result, "passed");
    // Drone's own cancel would come a minute later, when the harness has ended.
    const [build] = await buildsOf(scene, run);
    assert.equal(build?.status, "failure", "the harness' exit code says so; Drone killed nothing");
    await assertSameInventory(scene.before);
  },
);

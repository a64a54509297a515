import assert from "node:assert/strict";
import { waitFor } from "../common/time.ts";
import { readRun } from "../local/demo/watch.ts";
import { openDemoPullRequest, type Variant } from "../local/demo/push.ts";
import { headline, isVerdict, type PullRequest } from "../local/demo/pull_request.ts";
import { ensureImages } from "../local/images/mod.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack, type Part, type Stack } from "../local/stack/stack.ts";
import type { RunResult } from "../protocol/result.ts";
import { killPart } from "../local/stack/services.ts";
import { stackFetch } from "./harness_cli.ts";
import { assertSameInventory, inventory } from "./inventory.ts";
import { onRealServices } from "./scene.ts";

const RECIPE = "miniflux";
const VERDICT_MS = 15 * 60_000;

interface Scene {
  stack: Stack;
  fetch: typeof fetch;
  pull: PullRequest;
  before: string[];
}

async function openScene(variant: Variant = "good"): Promise<Scene> {
  const stack = await ensureStack({ progress: silentProgress });
  await ensureImages(RECIPE, {
    progress: silentProgress,
    cache: stack.cache,
    engineIsOurs: stack.engineIsOurs,
  });
  const before = await inventory();
  const fetch = await stackFetch(stack);
  const pull = await openDemoPullRequest({ stack, recipe: RECIPE, variant });
  return { stack, fetch, pull, before };
}

function runOf(body: string): string {
  const run = body.match(/\/runs\/([a-z0-9]+-[0-9]+)/)?.[1];
  assert.ok(run !== undefined, `a run's address in: ${body}`);
  return run;
}

/** Says `!testme` and waits until the run's worker is busy with the apps. */
async function startRun({ stack, fetch, pull }: Scene) {
  const comment = await pull.comment("!testme");
  const reply = await pull.waitForReply(({ body }) => body.includes("/runs/"), {
    what: "the bridge's comment",
    timeoutMs: 180_000,
  });
  const run = runOf(reply.body);
  await waitFor(async () => {
    const view = await readRun(run, { dashboard: stack.urls.dashboard, fetch });
    return view?.stages.some((stage) => stage.name === "install" && (stage.running || stage.report !== null));
  }, { what: "the run to install the app", timeoutMs: 300_000 });
  return { run, reply, comment };
}

/** The one comment of the run, once it shows the verdict. */
async function verdict({ pull }: Scene): Promise<string> {
  const reply = await pull.waitForReply(
    ({ body }) => isVerdict(body),
    {
      what: "the verdict in the comment",
      timeoutMs: VERDICT_MS,
    },
  );
  const ofRuns = (await pull.replies()).filter(({ body }) => body.includes("/runs/"));
  assert.equal(ofRuns.length, 1, "one comment for one run");
  return reply.body;
}

/** A run's result as the dashboard has it. It may be late: the bridge writes the verdict without waiting for it. */
function resultOf(run: string, { stack, fetch }: Pick<Scene, "stack" | "fetch">): Promise<RunResult> {
  return waitFor(
    async () => (await readRun(run, { dashboard: stack.urls.dashboard, fetch }))?.result ?? undefined,
    { what: `the result of run ${run} on the dashboard`, timeoutMs: 120_000 },
  );
}

/** Kills a part of the stack without warning. */
async function kill(stack: Stack, part: Part): Promise<void> {
  await killPart(stack, part);
}

async function bringBack(): Promise<void> {
  await ensureStack({ progress: silentProgress });
}

onRealServices("an outsider's comment is refused once, with the reason, and starts nothing", async () => {
  const scene = await openScene();
  const { stack, pull } = scene;
  await pull.comment("!testme", stack.accounts.outsider);
  const reply = await pull.waitForReply(() => true, { what: "the refusal", timeoutMs: 180_000 });
  assert.match(reply.body, /member/);
  assert.doesNotMatch(reply.body, /\/runs\//);
  await pull.comment("!testme", stack.accounts.outsider);
  // A member's command that comes later is answered, so the outsider's second one had its turn before it.
  await pull.comment("!testme");
  await pull.waitForReply(({ body }) => body.includes("/runs/"), {
    what: "the member's run",
    timeoutMs: 180_000,
  });
  assert.equal((await pull.replies()).length, 2, "one refusal and one run");
  await pull.comment("!testme cancel");
  await pull.waitForReply(({ body }) => isVerdict(body), { what: "the verdict", timeoutMs: VERDICT_MS });
  await assertSameInventory(scene.before);
});

onRealServices(
  "a comment edited into the command, in a quote or in code starts nothing, the edited one is told so; a run is cancelled",
  async () => {
    const { pull, ...scene } = await openScene();
    const harmless = await pull.comment("Looks good to me");
    // Whole-second time stamps: an edit in the same second cannot be told from none.
    const second = Math.floor(Date.now() / 1000);
    await waitFor(() => Math.floor(Date.now() / 1000) > second, {
      what: "a new second",
      timeoutMs: 10_000,
      everyMs: 50,
    });
    await pull.edit(harmless.id, "!testme");
    await pull.comment("> !testme\n\nwhat does this do?");
    await pull.comment("```\n!testme\n```");
    await pull.comment("<!-- !testme -->");
    // The forge announces no edit, so the bridge sees it when the next comment is written there.
    const refusal = await pull.waitForReply(({ body }) => body.includes("by an edit"), {
      what: "the refusal of the edited comment",
      timeoutMs: 180_000,
    });
    const { run, reply } = await startRun({ pull, ...scene });
    await pull.comment("!testme cancel");
    const body = await verdict({ pull, ...scene });
    assert.deepEqual((await pull.replies()).map(({ id }) => id), [refusal.id, reply.id]);
    const who = scene.stack.accounts.maintainer.name;
    assert.ok(headline(body).includes(`was cancelled by \`${who}\``), headline(body));
    const result = await resultOf(run, scene);
    assert.equal(result.cause, `${who} asked for it`, "terminal, result and JUnit file say who, too");
    assert.equal(result.stages.find((stage) => stage.name === "teardown")?.result, "passed");
  },
);

onRealServices(
  "the bridge killed in the middle of a run comes back to the same run and the same comment",
  async () => {
    const scene = await openScene();
    const { run } = await startRun(scene);
    await kill(scene.stack, "bridge");
    await bringBack();
    const body = await verdict(scene);
    assert.equal(runOf(body), run);
    assert.match(headline(body), /✅/);
    await assertSameInventory(scene.before);
  },
);

onRealServices(
  "forge and dashboard away in the middle of a run: the run is not lost, the verdict arrives",
  async () => {
    const scene = await openScene("loses-data");
    const { run } = await startRun(scene);
    await kill(scene.stack, "gitea");
    await kill(scene.stack, "dashboard");
    await bringBack();
    const body = await verdict(scene);
    assert.equal(runOf(body), run);
    assert.match(headline(body), /❌.*data written before the upgrade is gone/);
    assert.equal((await resultOf(run, scene)).stage, "upgrade", "the dashboard has the result it missed");
    await assertSameInventory(scene.before);
  },
);

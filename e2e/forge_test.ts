import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import * as z from "zod";
import { TestDashboard } from "../dashboard/testing/dashboard.ts";
import { appPicture } from "../dashboard/testing/picture.ts";
import { good, losesData } from "../dashboard/testing/sample_stages.ts";
import { tell, type Told } from "../dashboard/testing/story.ts";
import { ORG } from "../local/gitea/seed.ts";
import { runView } from "../protocol/dashboard_api.ts";
import type { RunOutcome } from "../protocol/result.ts";
import { openBrowser, PATIENCE_MS } from "./browser.ts";
import { ForgeLab, type LabPull } from "./forge_lab.ts";
import { comparePicture } from "./picture.ts";
import { onRealServices } from "./scene.ts";

/** What people can do on a real Gitea to keep a pull request from being tested, or answers from being read. */

let lab: ForgeLab;
Deno.test.beforeAll(async () => void (lab = await ForgeLab.open()));
Deno.test.afterAll(async () => await lab[Symbol.asyncDispose]());

async function scene() {
  const repo = await lab.repository();
  const pull = await lab.pull(repo);
  const bridge = await lab.bridge([repo]);
  return { repo, pull, bridge };
}

async function statusOf({ repo, head }: LabPull): Promise<string | undefined> {
  const shape = z.object({
    statuses: z.array(z.object({ context: z.string(), status: z.string() })).nullable(),
  });
  const all =
    shape.parse(await lab.as("maintainer", "GET", `/repos/${repo}/commits/${head}/status`)).statuses;
  return all?.find(({ context }) => context === "cc-ci")?.status;
}

onRealServices("a reference whose source was deleted keeps no command from being answered", async () => {
  const { repo, pull, bridge } = await scene();
  using _ = bridge;
  const name = repo.split("/")[1] ?? "";
  const own = `/repos/${lab.accounts.outsider.name}/refers-to-${name}`;
  await lab.as("outsider", "POST", "/user/repos", { name: `refers-to-${name}` });
  const body = `See ${repo}#${pull.number}`;
  await lab.as("outsider", "POST", `${own}/issues`, { title: "A reference" });
  const made = await lab.as("outsider", "POST", `${own}/issues/1/comments`, { body });
  const { id } = z.object({ id: z.number() }).parse(made);
  await lab.as("outsider", "DELETE", `${own}/issues/comments/${id}`);
  const timeline = await lab.as("bot", "GET", `/repos/${repo}/issues/${pull.number}/timeline`);
  assert.ok(z.array(z.unknown()).parse(timeline).includes(null), "the forge puts null into its list");
  await lab.say(pull, { body: "!testme" });
  bridge.engine.finish(await bridge.started(pull), "passed");
  await bridge.until("the verdict", async () => /✅/.test((await lab.replies(pull))[0] ?? ""));
});

async function testedWithoutComment(
  { pull, bridge }: Awaited<ReturnType<typeof scene>>,
  why: RegExp,
): Promise<void> {
  const run = await bridge.started(pull);
  await bridge.until("its page says why", () => why.test(bridge.dashboard.runs.get(run)?.remark ?? ""));
  const told = () => bridge.dashboard.said?.troubles ?? [];
  await bridge.until("the operator is told", () => told().some(({ text }) => why.test(text)));
  assert.deepEqual(told().map(({ recipe }) => recipe), [pull.repo.split("/")[1]]);
  bridge.engine.finish(run, "failed");
  await bridge.until("the run is over", () => bridge.store.liveRuns().length === 0);
  assert.equal(bridge.dashboard.runs.get(run)?.state, "failed");
}

onRealServices(
  "the author of a pull request who blocks the bot does not keep it from being tested",
  async () => {
    const at = await scene();
    using _ = at.bridge;
    await lab.as("outsider", "PUT", `/user/blocks/${lab.accounts.bot.name}`);
    try {
      await lab.say(at.pull, { body: "!testme" });
      await testedWithoutComment(at, /on the pull request: .*block|takes no comment of ours: .*block/i);
      assert.deepEqual(await lab.replies(at.pull), []);
      await at.bridge.until("the status", async () => await statusOf(at.pull) === "failure");
    } finally {
      await lab.as("outsider", "DELETE", `/user/blocks/${lab.accounts.bot.name}`);
    }
  },
);

onRealServices(
  "a locked conversation: the run goes on, and once it is open its verdict is written",
  async () => {
    const { repo, pull, bridge } = await scene();
    using _ = bridge;
    const lock = `/repos/${repo}/issues/${pull.number}/lock`;
    await lab.as("maintainer", "PUT", lock, { lock_reason: "" });
    await lab.say(pull, { body: "!testme" });
    const run = await bridge.started(pull);
    await bridge.until("its page says so", () => /lock/i.test(bridge.dashboard.runs.get(run)?.remark ?? ""));
    await lab.as("maintainer", "DELETE", lock);
    bridge.engine.finish(run, "passed");
    await bridge.until("the verdict", async () => /✅/.test((await lab.replies(pull))[0] ?? ""));
    assert.equal(await statusOf(pull), "success");
  },
);

onRealServices(
  "a conversation that is locked during the run gets its verdict: we may edit our own comment",
  async () => {
    const { repo, pull, bridge } = await scene();
    using _ = bridge;
    await lab.say(pull, { body: "!testme" });
    const run = await bridge.started(pull);
    await lab.as("maintainer", "PUT", `/repos/${repo}/issues/${pull.number}/lock`, { lock_reason: "" });
    bridge.engine.finish(run, "passed");
    await bridge.until("the verdict", async () => /✅/.test((await lab.replies(pull))[0] ?? ""));
  },
);

onRealServices(
  "a repository that is archived after the command: the run goes on without a comment",
  async () => {
    const at = await scene();
    using _ = at.bridge;
    await lab.say(at.pull, { body: "!testme" });
    await lab.as("maintainer", "PATCH", `/repos/${at.repo}`, { archived: true });
    await testedWithoutComment(at, /archived/i);
  },
);

onRealServices("a thread longer than anybody reads: all digits of the commit start the run", async () => {
  const { pull, bridge } = await scene();
  using _ = bridge;
  lab.fillThread(pull, 5_100);
  await lab.say(pull, { body: "!testme" });
  await bridge.until(
    "an answer that names all digits",
    async () => (await lab.replies(pull)).some((body) => body.includes(`\`!testme ${pull.head}\``)),
  );
  await lab.say(pull, { body: `!testme ${pull.head}` });
  bridge.engine.finish(await bridge.started(pull), "passed");
  await bridge.until("the verdict", async () => /✅/.test((await lab.replies(pull)).at(-1) ?? ""));
});

onRealServices(
  "a command whose comment is deleted once it was read is carried out, also among deleted ones",
  async () => {
    const { repo, pull, bridge } = await scene();
    using _ = bridge;
    const others = [];
    for (let times = 0; times < 60; times++) {
      others.push(
        await lab.say(pull, { body: "Hello", by: "outsider" }),
      );
    }
    const command = await lab.say(pull, { body: "!testme" });
    for (const id of others) await lab.as("outsider", "DELETE", `/repos/${repo}/issues/comments/${id}`);
    const run = await bridge.started(pull);
    await lab.as("maintainer", "DELETE", `/repos/${repo}/issues/comments/${command}`);
    bridge.engine.finish(run, "passed");
    await bridge.until("the verdict", async () => /✅/.test((await lab.replies(pull))[0] ?? ""));
  },
);

onRealServices(
  "a repository that is renamed: its run ends with the reason, commands are told, the operator sees it",
  async () => {
    const { repo, pull, bridge } = await scene();
    using _ = bridge;
    await lab.say(pull, { body: "!testme" });
    const run = await bridge.started(pull);
    const name = `${repo.split("/")[1]}-renamed`;
    await lab.as("maintainer", "PATCH", `/repos/${repo}`, { name });
    const moved = { ...pull, repo: `${ORG}/${name}` };
    await lab.say(moved, { body: "!testme" });
    await bridge.until(
      "an answer under the new name",
      async () => (await lab.replies(moved)).some((body) => body.includes(`repo: ${moved.repo}`)),
    );
    assert.equal(bridge.engine.started.length, 1);
    bridge.engine.finish(run, "passed");
    await bridge.until("the run is over", () => bridge.store.liveRuns().length === 0);
    const told = () => bridge.dashboard.said?.troubles ?? [];
    await bridge.until(
      "the operator is told",
      () => told().some(({ text, recipe }) => /renamed/.test(text) && recipe === repo.split("/")[1]),
    );
  },
);

onRealServices("near misses as people type them on the forge get one answer, and no run", async () => {
  const { pull, bridge } = await scene();
  using _ = bridge;
  for (
    const body of ["\u00a0!testme", "\uff01testme", "> he said\n!testme", "!testme\n-- \nMe", "`!testme`"]
  ) {
    await lab.say(pull, { body, by: "outsider" });
  }
  await lab.say(pull, { body: "please !testme" });
  // One that is a command comes last and is answered, so the others had their turn before it.
  await lab.say(pull, { body: "!testme help" });
  await bridge.until("the help", async () => (await lab.replies(pull)).length === 2);
  assert.match((await lab.replies(pull))[0] ?? "", /^Nothing was tested: that was not read as a command/);
  assert.deepEqual(bridge.engine.started, []);
});

/** Room for the pictures of people beside their comments. */
const AVATAR = 80;

onRealServices("the picture of comments in the README is of comments as they are today", async () => {
  const repo = await lab.repository("miniflux");
  const bridge = await lab.bridge([repo]);
  using _ = bridge;
  await using dashboard = new TestDashboard();
  /** Has the pull request tested, in a run that went so. */
  const testme = async (pull: LabPull, outcome: RunOutcome, told: Partial<Told>) => {
    await lab.say(pull, { body: "!testme" });
    const run = await bridge.started(pull);
    const subject = { kind: "pr", pr: pull.number, src: repo } as const;
    await tell(dashboard, { run, recipe: "miniflux", subject, commit: pull.head, result: outcome, ...told });
    bridge.dashboard.views.set(run, runView.parse(await (await dashboard.get(`/api/runs/${run}`)).json()));
    // A run takes about as long as its stages.
    for (const { id } of bridge.store.liveRuns()) bridge.store.note(id, { started_at: Date.now() - 72_000 });
    bridge.engine.finish(run, outcome);
    await bridge.until("the verdict", () => bridge.store.liveRuns().length === 0);
  };
  const before = await lab.pull(repo, "Update to 2.2.13");
  const cause = "data written before the upgrade is gone";
  await testme(before, "failed", { stages: losesData(), stage: "upgrade", cause, level: 1 });
  const pull = await lab.push(before, "Mount the database where it was");
  await testme(pull, "passed", {
    ...{ stages: good(), level: 5 },
    pictures: { "upgrade.png": await appPicture(1) },
  });
  await bridge.until("the first comment to shrink", async () => !(await lab.replies(pull))[0]?.includes("|"));

  await using browser = await openBrowser();
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.setViewport({ width: 1200, height: 900 });
  await answerRequests(
    page,
    (url) =>
      url.host === "ci.example.org"
        ? dashboard.get(url.pathname)
        : fetch(`${lab.url}${url.pathname}${url.search}`),
  );
  await page.goto(`https://git.example.org/${repo}/pulls/${pull.number}`, { waitUntil: "networkidle0" });
  // The first is what the pull request says of itself.
  const [, first, ...more] = await page.$$(".timeline-item.comment:has(.render-content)");
  const comments = [first ?? assert.fail("no comment"), ...more];
  const texts = await Promise.all(
    comments.map((comment) => comment.$eval(".render-content", (content) => content.innerText)),
  );
  const shows = [before, pull].reduce(
    (text, { head }, at) => text.replaceAll(head.slice(0, 7), `commit ${at + 1}`),
    texts.join("\n\n").replaceAll(/(?<= · )\d+ min \d\d s(?= · )/g, "some time"),
  );
  const above = await first?.boundingBox();
  const below = await comments.at(-1)?.boundingBox();
  assert.ok(above && below);
  await comparePicture(page, {
    name: "comments",
    shows: `${shows}\n`,
    clip: {
      ...{ x: above.x - AVATAR, y: above.y - 8 },
      ...{ width: above.width + AVATAR + 8, height: below.y + below.height - above.y + 16 },
    },
  });
});

/** Answers all that a page asks for in the place of the network, which changes while other suites use Docker. */
async function answerRequests(page: Page, answer: (url: URL) => Promise<Response>): Promise<void> {
  await page.setRequestInterception(true);
  page.on("request", async (request) => {
    try {
      const response = await answer(new URL(request.url()));
      const headers = Object.fromEntries(response.headers);
      await request.respond({ status: response.status, headers, body: await response.bytes() });
    } catch {
      await request.abort().catch(() => {}); // the page may be closed by now
    }
  });
}

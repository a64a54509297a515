import assert from "node:assert/strict";
import { queueView } from "../../protocol/dashboard_api.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { fillWithSample } from "../testing/sample.ts";
import { announcementOf, eventsOf, pullRequest, tell, type Told, type ToldStage } from "../testing/story.ts";

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'\`</textarea></title>`;
const allPages = (run: string) => [
  "/",
  "/queue",
  "/recipes/miniflux",
  `/runs/${run}`,
  `/runs/${run}/stages/upgrade`,
  "/recipes/nobody",
  "/runs/unknown-1",
  "/nowhere",
];

Deno.test("whatever a recipe, a forge or a harness says is shown as text", async () => {
  await using dashboard = new TestDashboard();
  const subject = { kind: "branch", name: hostile, src: "a/b" } as const;
  const run = "hostile-1";
  const bad = { recipe: "miniflux", subject, commit: hostile, link: "https://git.example.org/?\"'><script>" };
  const stage: Partial<ToldStage> = {
    result: "failed",
    cause: hostile,
    detail: hostile,
    reason: hostile,
    proofs: [hostile],
    findings: [{ rule: hostile, severity: "error", file: hostile, message: hostile }],
    blemishes: [hostile],
    resources: [{ service: hostile, peakMemoryBytes: 1, cpuSeconds: 1, diskBytes: null }],
  };
  await tell(dashboard, {
    run,
    ...bad,
    base: hostile,
    result: "failed",
    stage: "upgrade",
    cause: hostile,
    notes: [hostile],
    stages: [
      { ...stage, name: "install", notes: [hostile], screenshots: ["../../x.png", hostile] },
      { ...stage, name: "upgrade", tail: [hostile], log: [hostile, `\x1b[31m${hostile}`] },
      { name: "tests", result: "skipped", reason: hostile },
    ],
  });
  const live: Told = {
    run: "hostile-2",
    ...bad,
    base: hostile,
    stages: [{ ...stage, name: "upgrade", log: [hostile] }],
  };
  await dashboard.announce(live.run, announcementOf(live, { cause: hostile, link: bad.link }));
  const events = eventsOf({ ...live, unfinished: true }, () => dashboard.clock.iso(), () => {});
  await dashboard.events(live.run, { offset: 0, events });
  const query = `?q=${encodeURIComponent(hostile)}`;
  for (
    const path of [
      ...allPages(run),
      "/runs/hostile-2",
      `/${query}`,
      `/recipes/${encodeURIComponent(hostile)}`,
    ]
  ) {
    const html = await (await dashboard.get(path)).text();
    assert.doesNotMatch(html, /<script>|<img src=x|onerror=alert\(2\)>/, path);
    assert.doesNotMatch(html.replaceAll(/<script src="[^"]*" defer[^>]*><\/script>/g, ""), /<script/i, path);
  }
  const command = /class="snippet"[^>]*>(?:<code>)?([^]*?)<\/pre>/.exec(await dashboard.page(`/runs/${run}`));
  assert.equal(command, null, "a commit that is none must not be offered for a shell");
});

Deno.test("what stands between backticks is code, on a run's page as in its comment", async () => {
  await using dashboard = new TestDashboard();
  const stage = {
    name: "upgrade",
    result: "failed",
    cause: "lost `/data`",
    detail: "see `compose.yml`",
  } as const;
  await tell(dashboard, {
    run: "worded-1",
    recipe: "miniflux",
    result: "failed",
    stage: "upgrade",
    cause: stage.cause,
    notes: ["`abra` said <b>"],
    customised: ["env.MAIL: `x` <b>"],
    stages: [{ ...stage, notes: ["one ` alone"] }],
  });
  const page = await dashboard.page("/runs/worded-1");
  for (
    const markup of [
      '<p class="cause">lost <code>/data</code></p>',
      "see <code>compose.yml</code></pre>",
      "<li><code>abra</code> said &lt;b&gt;</li>",
      "<summary>The enrolment sets 1 thing</summary>",
      "<li>env.MAIL: <code>x</code> &lt;b&gt;</li>",
      "one ` alone",
    ]
  ) assert.ok(page.includes(markup), markup);
});

Deno.test("the page of a run that ended infra says whose mistake that was, where it was the enrolment's", async () => {
  await using dashboard = new TestDashboard();
  const cause = "recipe.yml: seed wrote nothing that read finds";
  for (const fault of [undefined, "enrolment"] as const) {
    const run = `blamed-${fault === undefined ? 1 : 2}`;
    const blamed = fault === undefined ? {} : { fault };
    const stages: ToldStage[] = [{ name: "backup", result: "infra", cause, ...blamed }];
    await tell(dashboard, { run, recipe: "miniflux", result: "infra", stage: "backup", cause, stages });
    const page = await dashboard.page(`/runs/${run}`);
    assert.equal(page.includes("in recipes/miniflux of cc-ci, not in the recipe"), fault === "enrolment");
    assert.equal(page.includes("not the recipe&#39;s fault"), fault === undefined);
    assert.equal(page.includes("Could not be tested (enrolment)"), fault === "enrolment");
    for (const other of ["/", "/recipes/miniflux"]) {
      const told = await dashboard.page(other);
      assert.match(told, /could not be tested/);
      assert.doesNotMatch(told, /trouble of the CI|CI trouble in the last run/);
    }
  }
});

Deno.test("a link to the forge is a web address or none", async () => {
  await using dashboard = new TestDashboard();
  for (const link of ["javascript:alert(1)", "data:text/html,x", "vbscript:x"]) {
    await dashboard.announce("linked-1", announcementOf({ recipe: "miniflux", link }));
    const page = await dashboard.get("/runs/linked-1");
    assert.doesNotMatch(await page.text(), /href="(?!https?:|\/|#)/);
  }
});

Deno.test("pages load nothing from elsewhere and carry no inline script or style", async () => {
  await using dashboard = new TestDashboard();
  await fillWithSample(dashboard);
  const run = dashboard.deps.store.runs({ recipe: "nextcloud", limit: 2 })[1]?.run ?? "";
  for (const path of [...allPages(run), "/runs/live0001-1", "/runs/queued02-1"]) {
    const answer = await dashboard.get(path);
    const html = await answer.text();
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'.*script-src 'self'/, path);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.doesNotMatch(html, / style="|<style| on[a-z]+="/, path);
    for (const [, from] of html.matchAll(/<(?:img|script|link)[^>]* (?:src|href)="([^"]*)"/g)) {
      assert.match(from ?? "", /^\/[^/]/, path);
    }
    assert.ok(html.length < 100_000, `${path} has ${html.length} characters`);
  }
});

Deno.test("a failed run's page begins with its cause", async () => {
  await using dashboard = new TestDashboard();
  await fillWithSample(dashboard);
  const run = dashboard.deps.store.runs({ recipe: "nextcloud", limit: 2 })[1]?.run ?? "";
  const html = await dashboard.page(`/runs/${run}`);
  const heading = /<h1>[^]*?<\/h1>/.exec(html)?.[0].replace(/<[^>]*>/g, "").trim();
  assert.equal(heading, "Failed in upgrade: data written before the upgrade is gone");
  assert.match(html, /no longer mounted at \/var\/lib\/postgresql\/data/);
  assert.match(html, /run-recipe https:[^ ]*\/nextcloud\.git [^]*--only upgrade/);
});

Deno.test("what to type at home leads to the repository, and says when it is not the commit that was tested", async () => {
  await using dashboard = new TestDashboard();
  const page = "https://git.example.org/recipe-maintainers/miniflux";
  const command = async (run: string) =>
    /<p>([^<]*(?:home|then):)<\/p><pre[^>]*><code>([^<]*)<\/code>/.exec(await dashboard.page(`/runs/${run}`))
      ?.slice(1)
      .map((text) => text.replaceAll(" \\\n ", ""));
  await tell(dashboard, {
    run: "ofpull-1",
    recipe: "miniflux",
    subject: pullRequest(12),
    link: `${page}/pulls/12`,
  });
  assert.deepEqual(await command("ofpull-1"), [
    "Or try at home what the pull request holds by then:",
    `./cc-ci run-recipe ${page}.git --ref refs/pull/12/head --keep`,
  ]);
  await tell(dashboard, { run: "ofmain-1", recipe: "miniflux", link: `${page}/commit/3fa9c1b` });
  assert.deepEqual(await command("ofmain-1"), [
    "Try this commit at home:",
    `./cc-ci run-recipe ${page}.git --ref 3fa9c1b --keep`,
  ]);
  await tell(dashboard, { run: "nolink-1", recipe: "miniflux" });
  assert.equal((await command("nolink-1"))?.[1], "./cc-ci run-recipe miniflux --ref 3fa9c1b --keep");
  assert.match(await dashboard.page("/runs/nolink-1"), /looked up by its name/);
});

Deno.test("a stage tells what lint found and what else keeps the run from being clean, each once", async () => {
  await using dashboard = new TestDashboard();
  const finding = { rule: "lint.unset", severity: "warning", file: "compose.yml", line: 3 } as const;
  await tell(dashboard, {
    run: "unclean-1",
    recipe: "miniflux",
    subject: { kind: "branch", name: "main", src: "a/b" },
    stages: [
      {
        name: "lint",
        findings: [{ ...finding, message: "Nothing sets X" }],
        blemishes: ["compose.yml, line 3: Nothing sets X [lint.unset]"],
      },
      {
        name: "install",
        blemishes: ["Console: boom"],
        resources: [{ service: "app", peakMemoryBytes: 2.2e7, cpuSeconds: 1, diskBytes: null }],
      },
    ],
  });
  const page = await dashboard.page("/runs/unclean-1");
  assert.equal(page.match(/Nothing sets X/g)?.length, 1);
  assert.match(
    page,
    /<li class="warning">compose\.yml, line 3: Nothing sets X <code>lint\.unset<\/code><\/li>/,
  );
  assert.match(page, /<li class="warning">Console: boom<\/li>/);
  assert.match(page, /<th scope="row">app<\/th><td class="meter">.*?<\/td><td class="number">22\.0 MB/);
});

Deno.test("a pass names what it does not vouch for, and says when the stand-in for abra was used", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, {
    run: "partial-1",
    recipe: "miniflux",
    abraStandIn: true,
    stages: [{ name: "install" }, { name: "backup", result: "skipped", reason: "the recipe has no data" }],
  });
  const html = await dashboard.page("/runs/partial-1");
  assert.match(html, /Passed, level 2/);
  assert.match(html, /Without backup \(the recipe has no data\)\./);
  assert.match(html, /stand-in for <code>abra<\/code>/);
});

Deno.test("a run's page without scripts loads itself again while the run goes on, and not afterwards", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce("going1-1", announcementOf({ recipe: "miniflux" }));
  assert.match(await dashboard.page("/runs/going1-1"), /<noscript><meta http-equiv="refresh" content="15"/);
  await tell(dashboard, { run: "ended1-1", recipe: "miniflux" });
  assert.doesNotMatch(await dashboard.page("/runs/ended1-1"), /http-equiv="refresh"|data-live/);
});

Deno.test("a waiting run tells its place and about how long it waits", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "before-1", recipe: "miniflux", stages: [{ name: "install", seconds: 120 }] });
  await dashboard.announce(
    "second-1",
    announcementOf({ recipe: "miniflux" }, { state: "queued", position: 2 }),
  );
  await dashboard.announce("first1-1", announcementOf({ recipe: "miniflux" }, { state: "queued" }));
  const html = await dashboard.page("/runs/second-1");
  assert.match(html, /Queued behind 1 run/); // of those that the dashboard knows of
  assert.match(html, /Starts in about 2 min/);
  assert.match(await dashboard.page("/queue"), /behind 1 run, starts in about 2 min/);
  const queue = queueView.parse(JSON.parse(await dashboard.page("/api/queue")));
  assert.deepEqual(
    queue.waiting.map(({ run, secondsToStart }) => [run.run, run.position, secondsToStart]),
    [["first1-1", 0, 0], ["second-1", 1, 120]],
  );
});

Deno.test("a long log is shown page by page, and every line has an address that leads to it", async () => {
  await using dashboard = new TestDashboard();
  const log = Array.from({ length: 2_500 }, (_, at) => `line ${at + 1} of the log`);
  await tell(dashboard, { run: "longlog-1", recipe: "miniflux", stages: [{ name: "install", log }] });
  const run = await dashboard.page("/runs/longlog-1");
  assert.doesNotMatch(run, /line 2500 of the log/);
  assert.match(run, /href="\/runs\/longlog-1\/stages\/install"/);
  const page = await dashboard.page("/runs/longlog-1/stages/install?line=1500");
  assert.match(page, /id="install-1500"[^]*line 1500 of the log/);
  assert.match(page, /id="install-1001"/);
  assert.doesNotMatch(page, /id="install-1000"|id="install-2001"/);
  assert.match(page, /This page as <a href="\/runs\/longlog-1\/log\.txt\?stage=install">text<\/a>/);
  const text = await dashboard.page("/runs/longlog-1/log.txt?stage=install");
  assert.equal(text.trim().split("\n").length, 2_500);
});

Deno.test("what is not there is answered with a page that helps", async () => {
  await using dashboard = new TestDashboard();
  dashboard.enrolled = ["nextcloud", "miniflux"];
  const answer = await dashboard.get("/recipes/nextclud");
  assert.equal(answer.status, 404);
  const html = await answer.text();
  assert.match(html, /<a href="\/recipes\/nextcloud">nextcloud<\/a>/);
  assert.doesNotMatch(html, /miniflux/);
});

Deno.test("addresses that people shorten lead on: all recipes, and the latest runs page by page", async () => {
  await using dashboard = new TestDashboard();
  const answer = await dashboard.get("/recipes");
  assert.deepEqual([answer.status, answer.headers.get("location")], [302, "/"]);
  assert.match(await dashboard.page("/runs"), /No run was ever announced/);
  for (let at = 1; at <= 52; at++) {
    await dashboard.announce(`number${at}-1`, announcementOf({ recipe: "ghost" }));
  }
  const listed = (html: string) =>
    new Set([...html.matchAll(/href="\/runs\/(number\d+)-1"/g)].map(([, run]) => run));
  const first = await dashboard.page("/runs");
  assert.deepEqual([listed(first).size, listed(first).has("number52")], [50, true]);
  const second = await dashboard.page(/rel="next" href="([^"]+)"/.exec(first)?.[1] ?? "");
  assert.deepEqual([...listed(second)], ["number2", "number1"]);
  assert.match(second, /href="\/runs">← Newest runs/);
  assert.match(await dashboard.page("/queue"), /href="\/runs"/);
});

Deno.test("a mistake of the dashboard shows a reference and no stack", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "lostlog-1", recipe: "miniflux" });
  dashboard.deps.store.detail = () => {
    throw new Error("secret inside");
  };
  const answer = await dashboard.get("/runs/lostlog-1");
  assert.equal(answer.status, 500);
  const html = await answer.text();
  assert.match(html, /reference: [0-9a-f]{8}/);
  assert.doesNotMatch(html, /secret inside|at .*\.ts/);
});

Deno.test("nobody can change anything by a page", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "ended1-1", recipe: "miniflux" });
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    for (
      const path of ["/", "/runs/ended1-1", "/recipes/miniflux", "/queue", "/badge/miniflux.svg", "/healthz"]
    ) {
      assert.equal((await dashboard.app.request(path, { method })).status, 404, `${method} ${path}`);
    }
  }
});

Deno.test("/healthz answers when the database does", async () => {
  await using dashboard = new TestDashboard();
  assert.equal((await (await dashboard.get("/healthz")).json()).ok, true);
});

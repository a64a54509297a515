import assert from "node:assert/strict";
import * as api from "../../protocol/dashboard_api.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, main, pullRequest, tell, type Told } from "../testing/story.ts";

async function withLevels(levels: number[]): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  for (const [at, level] of levels.entries()) {
    await tell(dashboard, { run: `level${at}-1`, recipe: "miniflux", subject: main, level });
    dashboard.clock.pass(3600);
  }
  return dashboard;
}

Deno.test("the API answers as its description says, and the description has no loose ends", async () => {
  await using dashboard = await withLevels([2, 1]);
  dashboard.enrolled = ["miniflux", "never-run"];
  const json = async (path: string) => JSON.parse(await dashboard.page(path));
  api.runList.parse(await json("/api/runs?limit=1"));
  api.recipeList.parse(await json("/api/recipes"));
  api.recipeView.parse(await json("/api/recipes/never-run"));
  api.runView.parse(await json("/api/runs/level0-1"));
  api.apiError.parse(await (await dashboard.get("/api/runs/nothing-1")).json());
  assert.equal((await json("/api/result.schema.json")).title, "cc-ci result");

  const described = await json("/api/openapi.json");
  const text = JSON.stringify(described);
  assert.equal(described.openapi, "3.1.0");
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(described.components.schemas[name ?? ""], `${name} is described`);
  }
  assert.doesNotMatch(text, /\$schema|\$defs/);
  for (const [path, methods] of Object.entries<Record<string, unknown>>(described.paths)) {
    for (const method of Object.keys(methods).filter((key) => key !== "parameters")) {
      const address = path.replace(/\{.*?\}/g, "unheardof-1");
      const answer = await dashboard.app.request(address, { method: method.toUpperCase() });
      assert.doesNotMatch(await answer.text(), /There is no/, `${method} ${path} exists`);
    }
  }
});

Deno.test("how a recipe stands says nothing about signs of life, which it would not keep up with", async () => {
  await using dashboard = await withLevels([2]);
  await dashboard.announce("active-1", announcementOf({ recipe: "miniflux" }));
  await dashboard.heartbeat("active-1");
  const heard = async (path: string) => JSON.parse(await dashboard.page(path));
  assert.equal("heardAt" in (await heard("/api/recipes/miniflux")).active, false);
  assert.equal("heardAt" in (await heard("/api/recipes")).recipes[0].active, false);
  assert.equal((await heard("/api/runs")).runs[0].heardAt, dashboard.clock.iso());
});

Deno.test("the feed tells every change of a level of branches and tags, newest first, and no other run", async () => {
  await using dashboard = await withLevels([2, 2, 1, 1, 3]);
  const hostile = '<b>&"\u0001\u001b[31m';
  await tell(dashboard, { run: "change-1", recipe: "miniflux", subject: pullRequest(1), level: 0 });
  const fell: Told = { run: "broken-1", recipe: "miniflux", subject: main, level: 0, result: "failed" };
  await tell(dashboard, { ...fell, stage: "install", cause: hostile });
  await tell(dashboard, { run: "hidden-1", recipe: "hush", subject: main });
  dashboard.hidden.add("hush");
  const feed = await dashboard.page("/feed.atom");
  assert.deepEqual([...feed.matchAll(/<title>(miniflux.*?)<\/title>/g)].map(([, title]) => title), [
    "miniflux fell to level 0 from level 3",
    "miniflux rose to level 3 from level 1",
    "miniflux fell to level 1 from level 2",
    "miniflux has level 2",
  ]);
  assert.match(feed, /install: &lt;b&gt;&amp;&quot;<\/summary>/);
  assert.doesNotMatch(feed, /hush|change-1/);
});

Deno.test("a level from long ago is what a new one is compared with", async () => {
  await using dashboard = await withLevels([2, 2]);
  const stats = dashboard.deps.store.stats;
  assert.deepEqual(stats.levelChanges({ among: 1, limit: 9, except: [] }), []);
  assert.equal(stats.levelChanges({ among: 9, limit: 9, except: [] }).length, 1);
});

Deno.test("metrics count runs, recipes, events and requests, never an address of a visitor", async () => {
  await using dashboard = await withLevels([2, 1]);
  await dashboard.get("/recipes/some-secret-word");
  await dashboard.app.request("/", { method: "SECRET" });
  const metrics = await dashboard.page("/metrics");
  for (
    const line of [
      'ccci_runs{state="passed"} 2',
      'ccci_runs{state="queued"} 0',
      'ccci_recipes{health="fell"} 1',
      "ccci_dashboard_viewers 0",
    ]
  ) assert.ok(metrics.includes(`${line}\n`), line);
  assert.match(
    metrics,
    /request_seconds_count\{method="GET",route="\/recipes\/:recipe",status="404"\} 1\n/,
  );
  assert.doesNotMatch(metrics, /secret/);
});

Deno.test("a page is the same until something is written, and anew right after", async () => {
  await using dashboard = await withLevels([2]);
  for (const path of ["/", "/recipes/miniflux", "/feed.atom"]) {
    const answer = await dashboard.get(path, { "accept-encoding": "gzip" });
    await answer.body?.cancel();
    assert.equal(answer.headers.get("content-encoding"), "gzip");
    const tag = answer.headers.get("etag") ?? "";
    assert.equal((await dashboard.get(path, { "if-none-match": tag })).status, 304, path);
    await tell(dashboard, {
      run: `${path.length}fresh-1`.padStart(9, "x"),
      recipe: "miniflux",
      level: path.length % 5,
    });
    const again = await dashboard.get(path, { "if-none-match": tag });
    await again.body?.cancel();
    assert.equal(again.status, 200, path);
  }
  const before = await dashboard.page("/");
  dashboard.hidden.add("miniflux");
  assert.notEqual(await dashboard.page("/"), before);
});

Deno.test("an answer given again from memory is the same as the first, and counted", async () => {
  await using dashboard = await withLevels([2]);
  for (const path of ["/", "/badge/miniflux.svg", "/recipes/miniflux", "/feed.atom"]) {
    for (const encoding of ["gzip", "identity"]) {
      const ask = async () => {
        const answer = await dashboard.get(path, { "accept-encoding": encoding });
        return [answer.status, [...answer.headers], await answer.bytes()];
      };
      assert.deepEqual(await ask(), await ask(), `${path} ${encoding}`);
    }
    const policy = (await dashboard.app.request(path, { method: "HEAD" })).headers.get(
      "content-security-policy",
    );
    assert.match(policy ?? "", /^default-src 'none'/);
  }
  assert.match(
    await dashboard.page("/metrics"),
    /request_seconds_count\{method="GET",route="\/recipes\/:recipe",status="200"\} 4\n/,
  );
});

Deno.test("recipes whose level fell in the last run come first, under a heading of their own", async () => {
  await using dashboard = await withLevels([2, 1]);
  const subject = { kind: "branch", name: "main", src: "a/broken" } as const;
  await tell(dashboard, { run: "broken1-1", recipe: "aaa-broken", subject, level: 0, result: "failed" });
  await tell(dashboard, {
    run: "orderly-1",
    recipe: "aaa-orderly",
    subject: { ...subject, src: "a/orderly" },
  });
  const page = await dashboard.page("/");
  const seen = [
    ...page.matchAll(/Level fell in the last run|Needs a look|In order|href="\/recipes\/[^"]+">[a-z]/g),
  ];
  assert.deepEqual(seen.map(([text]) => text.replace(/">.$/, "").replace('href="/recipes/', "")), [
    "Level fell in the last run",
    "miniflux",
    "Needs a look",
    "aaa-broken",
    "In order",
    "aaa-orderly",
  ]);
});

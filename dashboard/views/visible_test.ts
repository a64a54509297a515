import assert from "node:assert/strict";
import { bridgeToken, runnerToken, TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, tell } from "../testing/story.ts";

const run = "secret1-1";

Deno.test("a private recipe shows nowhere, whatever is asked for", async () => {
  await using dashboard = new TestDashboard();
  dashboard.enrolled = ["hush", "miniflux"];
  const subject = { kind: "branch", name: "main", src: "a/hush" } as const;
  const told = { run, recipe: "hush", subject, files: { "a.log": "x" } };
  await tell(dashboard, { ...told, stages: [{ name: "install", log: ["a line"] }] });
  await dashboard.announce("secret2-1", announcementOf({ recipe: "hush", subject }, { state: "queued" }));
  const addresses = [
    `/recipes/hush`,
    `/api/recipes/hush`,
    `/runs/${run}`,
    `/runs/${run}/stages/install`,
    `/runs/${run}/log`,
    `/runs/${run}/log.txt`,
    `/runs/${run}/artefacts/a.log`,
    `/api/runs/${run}`,
    "/badge/hush.svg",
  ];
  const lists = [
    "/",
    "/queue",
    "/runs",
    "/?q=hush",
    "/api/recipes",
    "/api/runs",
    "/api/runs?recipe=hush",
    "/api/queue",
    "/api/status",
    "/hus",
  ];
  for (const path of addresses) {
    const answer = await dashboard.get(path);
    await answer.body?.cancel();
    assert.equal(answer.status, 200, `${path} of a public recipe`);
  }
  dashboard.hidden.add("hush");
  for (const path of addresses) {
    const answer = await dashboard.get(path);
    if (path.startsWith("/badge/")) assert.match(await answer.text(), /unknown recipe/);
    else {
      assert.equal(answer.status, 404, path);
      await answer.body?.cancel();
    }
  }
  for (const path of lists) {
    const text = await (await dashboard.get(path)).text();
    assert.doesNotMatch(text.replaceAll('value="hush"', "").replaceAll("“hush”", ""), /hush|secret/, path);
  }
});

Deno.test("bridge and harness read the runs of private recipes with their tokens", async () => {
  await using dashboard = new TestDashboard();
  dashboard.hidden.add("hush");
  await tell(dashboard, { run, recipe: "hush" });
  for (
    const [token, status] of [[bridgeToken, 200], [runnerToken, 200], ["guessed-token-123", 404]] as const
  ) {
    const answer = await dashboard.get(`/api/runs/${run}`, { authorization: `Bearer ${token}` });
    await answer.body?.cancel();
    assert.equal(answer.status, status, token);
  }
});

Deno.test("no number tells how much of what is private there is", async () => {
  const numbers = async (dashboard: TestDashboard) => {
    const status = JSON.parse(await dashboard.page("/api/status"));
    const metrics = await dashboard.page("/metrics");
    return {
      health: JSON.parse(await dashboard.page("/healthz")),
      metrics: metrics.match(/^ccci_(runs|recipes|dashboard_log_bytes|dashboard_artefact_bytes)\b.*$/gm),
      kept: status.kept,
      waiting: [status.waiting, /<dt>Waiting<\/dt><dd>.*?<\/dd>/.exec(await dashboard.page("/status"))?.[0]],
      looked: /nothing left behind by the last .*? runs?/.exec(await dashboard.page("/status"))?.[0],
      feed: await dashboard.page("/feed.atom"),
      runs: await dashboard.page("/api/runs"),
      recipes: await dashboard.page("/api/recipes"),
      waits: JSON.parse(await dashboard.page("/api/queue")).waiting.length,
    };
  };
  await using all = new TestDashboard();
  await using open = new TestDashboard();
  for (const dashboard of [all, open]) {
    await tell(dashboard, { run: "public1-1", recipe: "miniflux", files: { "a.log": "x" } });
    await dashboard.announce("public2-1", announcementOf({ recipe: "miniflux" }, { state: "queued" }));
    dashboard.hidden.add("hush");
  }
  await tell(all, { run, recipe: "hush", files: { "a.log": "x" } });
  await all.announce("secret2-1", announcementOf({ recipe: "hush" }, { state: "queued" }));
  all.clock.set(open.clock.now());
  const [mixed, alone] = [await numbers(all), await numbers(open)];
  assert.equal(alone.metrics?.some((line) => line === 'ccci_runs{state="passed"} 1'), true);
  assert.ok(alone.kept.logs > 0 && alone.kept.artefacts > 0);
  assert.deepEqual(mixed, alone);
});

import assert from "node:assert/strict";
import { bridgeToken, runnerToken, TestDashboard } from "./testing/dashboard.ts";
import { announcementOf, tell } from "./testing/story.ts";

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
  assert.match(await dashboard.page("/queue"), /1 run of recipes that are not public/);
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

import assert from "node:assert/strict";
import { TestDashboard } from "../testing/dashboard.ts";
import { tell } from "../testing/story.ts";

async function filled(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await tell(dashboard, {
    run: "logged1-1",
    recipe: "miniflux",
    stages: [
      { name: "fetch", log: ["cloned"] },
      { name: "install", log: ["\x1b[32mone\x1b[0m", "two"] },
      { name: "upgrade" },
    ],
    files: { "a.log": "text" },
  });
  return dashboard;
}

Deno.test("a run's log is to be had as text, whole or of one stage", async () => {
  await using dashboard = await filled();
  const lines = async (query: string) =>
    (await dashboard.page(`/runs/logged1-1/log.txt${query}`)).trim().split("\n").map((line) =>
      line.replace(/^\S+ /, "")
    );
  assert.deepEqual(await lines(""), ["[fetch] cloned", "[install] one", "[install] two"]);
  assert.deepEqual(await lines("?stage=install"), ["one", "two"]);
});

Deno.test("the log of a stage that the run does not have is not the whole log", async () => {
  await using dashboard = await filled();
  for (const stage of ["nonsense", "", "upgrade"]) {
    const answer = await dashboard.get(`/runs/logged1-1/log.txt?stage=${stage}`);
    assert.equal(answer.status, 404, stage);
    assert.match(await answer.text(), /This run has no log of such a stage/);
  }
});

Deno.test("crawlers are kept out of logs, artefacts and the API, and not out of pages", async () => {
  await using dashboard = await filled();
  const answer = await dashboard.get("/robots.txt");
  assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
  const rules = [...(await answer.text()).matchAll(/^Disallow: (\S+)$/gm)].map(([, rule = ""]) =>
    new RegExp(`^${rule.split("*").map((part) => RegExp.escape(part)).join(".*")}`)
  );
  const kept = (path: string) => rules.some((rule) => rule.test(path));
  const page = await dashboard.page("/runs/logged1-1");
  const links = [...page.matchAll(/href="(\/[^"]*)"/g)].map(([, href = ""]) => href);
  const others = links.filter((href) => /line=|log\.txt|stages\/|artefacts\/|^\/api/.test(href));
  assert.ok(others.length > 4);
  assert.deepEqual([...others, "/runs/logged1-1/log"].filter((href) => !kept(href)), []);
  assert.deepEqual(["/", "/recipes/miniflux", "/runs/logged1-1", "/queue", "/status"].filter(kept), []);
});

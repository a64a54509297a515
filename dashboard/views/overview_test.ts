import assert from "node:assert/strict";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, main, pullRequest, tell } from "../testing/story.ts";

const failed = { result: "failed", stage: "upgrade", cause: "data is gone", level: 1 } as const;
const DAY = 24 * 3600;

async function sample(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  dashboard.enrolled = ["never"];
  await tell(dashboard, { run: "stale1-1", recipe: "stale", level: 2 });
  dashboard.clock.pass(31 * DAY);
  await tell(dashboard, { run: "fallen-1", recipe: "fallen", level: 3 });
  await tell(dashboard, { run: "broken-1", recipe: "broken", ...failed });
  await tell(dashboard, { run: "brokenx-1", recipe: "broken-later", ...failed });
  await tell(dashboard, { run: "fallen-2", recipe: "fallen", level: 2 });
  await tell(dashboard, { run: "ashes1-1", recipe: "ashes", level: 5 });
  await tell(dashboard, { run: "zebra1-1", recipe: "zebra", level: 0 });
  await tell(dashboard, { run: "redpr1-1", recipe: "ashes", subject: pullRequest(5), ...failed });
  await dashboard.announce(
    "queued-1",
    announcementOf({ recipe: "zebra", subject: main }, { state: "queued" }),
  );
  return dashboard;
}

async function names(dashboard: TestDashboard, query: string): Promise<string[]> {
  const html = await dashboard.page(`/${query}`);
  return [...html.matchAll(/<a class="name" href="\/recipes\/([a-z-]+)"/g)].map((match) => match[1] ?? "");
}

Deno.test("recipes that need a human come first: fallen, broken (last broken first), stale, never tested", async () => {
  await using dashboard = await sample();
  assert.deepEqual(await names(dashboard, ""), [
    "fallen",
    "broken-later",
    "broken",
    "stale",
    "never",
    "ashes",
    "zebra",
  ]);
});

Deno.test("the order and the filter stand in the address", async () => {
  await using dashboard = await sample();
  assert.deepEqual((await names(dashboard, "?sort=name")).slice(0, 3), ["ashes", "broken", "broken-later"]);
  assert.deepEqual((await names(dashboard, "?sort=level")).slice(0, 2), ["zebra", "broken"]);
  assert.deepEqual((await names(dashboard, "?sort=age")).slice(0, 2), ["never", "stale"]);
  assert.deepEqual(await names(dashboard, "?q=BROK&sort=name"), ["broken", "broken-later"]);
  assert.deepEqual(await names(dashboard, "?show=active"), ["zebra"]);
  assert.equal((await names(dashboard, "?show=attention")).length, 5);
  assert.equal((await names(dashboard, "?sort=nonsense&page=-3&show=%00")).length, 7);
});

Deno.test("the head says how many need a look and what goes on", async () => {
  await using dashboard = await sample();
  assert.match(await dashboard.page("/"), /5 of 7 recipes need a look · 1 waiting\./);
});

Deno.test("a row answers what is broken, since when, and is anybody on it", async () => {
  await using dashboard = await sample();
  dashboard.clock.pass(3 * DAY);
  await dashboard.announce("fixing-1", announcementOf({ recipe: "broken", subject: pullRequest(8) }));
  const html = await dashboard.page("/?q=broken&sort=name");
  assert.match(html, /upgrade: <bdi>data is gone<\/bdi>/);
  assert.match(html, /broken for 3 days · <bdi>PR #8<\/bdi> running/);
});

Deno.test("a recipe known by pull requests alone is marked with the one that speaks", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "prrun1-1", recipe: "young", subject: pullRequest(21) });
  assert.match(await dashboard.page("/"), /<span class="tag">PR #21<\/span>/);
});

Deno.test("a recipe without a level is called enrolled or untested only if it is", async () => {
  await using dashboard = new TestDashboard();
  dashboard.enrolled = ["fresh", "stopped"];
  await dashboard.announce("stopped-1", announcementOf({ recipe: "stopped" }, { state: "cancelled" }));
  await dashboard.announce("stray00-1", announcementOf({ recipe: "stray" }, { state: "expired" }));
  const subject = { kind: "worktree", path: "/home/me/laptop" } as const;
  await tell(dashboard, { run: "laptop1-1", recipe: "laptop", subject });
  const html = await dashboard.page("/?sort=name");
  const story = (recipe: string) =>
    new RegExp(`>${recipe}</a><div class="story"><p class="muted">([^<]*)</p>`).exec(html)?.[1];
  assert.deepEqual(["fresh", "laptop", "stopped", "stray"].map(story), [
    "enrolled, not tested yet",
    "not tested yet",
    "no result yet, last run cancelled",
    "no result yet, last run expired",
  ]);
});

Deno.test("many recipes are shown page by page", async () => {
  await using dashboard = new TestDashboard();
  dashboard.enrolled = Array.from(
    { length: 120 },
    (_, at) => `recipe-${String.fromCharCode(97 + at % 26)}${"x".repeat(at)}`.slice(0, 64),
  )
    .filter((name, at, all) => all.indexOf(name) === at);
  const total = dashboard.enrolled.length;
  const first = await names(dashboard, "");
  const second = await names(dashboard, "?page=2");
  assert.equal(first.length, 50);
  assert.equal(new Set([...first, ...second]).size, Math.min(100, total));
  assert.match(await dashboard.page("/?page=2"), /<a rel="prev" href="\/"/);
});

Deno.test("an empty dashboard and an empty search say what to do", async () => {
  await using dashboard = new TestDashboard();
  assert.match(await dashboard.page("/"), /Nothing to show yet/);
  dashboard.enrolled = ["miniflux"];
  assert.match(await dashboard.page("/?q=nope"), /Nothing is called “nope” here/);
});

Deno.test("an age on the overview goes on while nothing happens to its recipe", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "ageing-1", recipe: "ageing", level: 3 });
  const ages = async () => /<time [^>]*>([^<]*)</.exec(await dashboard.page("/"))?.[1];
  const seen = [await ages()];
  for (const seconds of [120, 3600, 3 * DAY]) {
    dashboard.clock.pass(seconds);
    seen.push(await ages());
  }
  assert.deepEqual(seen, ["just now", "2 min ago", "1 h ago", "3 days ago"]);
});

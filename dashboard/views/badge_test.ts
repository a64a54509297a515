import assert from "node:assert/strict";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, pullRequest, tell } from "../testing/story.ts";

const recipe = "miniflux";
const DAY = 24 * 3600;

async function message(dashboard: TestDashboard, query = ""): Promise<string> {
  const answer = await dashboard.get(`/badge/${recipe}.svg${query}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "image/svg+xml");
  const svg = await answer.text();
  assert.ok(svg.length < 2048, `${svg.length} bytes`);
  return `${/<title>cc-ci: ([^<]*)<\/title>/.exec(svg)?.[1]} ${
    /fill="(#[0-9a-f]{3,6})" *\/><rect width="[0-9]+" height="20" fill="url/.exec(svg)?.[1] ?? ""
  }`.trim();
}

async function text(dashboard: TestDashboard, query = ""): Promise<string> {
  return (await message(dashboard, query)).replace(/ #[0-9a-f]+$/, "");
}

Deno.test("the badge shows level or status, with its age", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "branch-1", recipe, level: 3 });
  dashboard.clock.pass(2 * DAY);
  assert.equal(await text(dashboard), "level 3 · 2 days");
  assert.equal(await text(dashboard, "?type=status"), "passed · 2 days");
});

Deno.test("the badge of a recipe that does not install says level 0, not unknown", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, {
    run: "branch-1",
    recipe,
    level: 0,
    result: "failed",
    stage: "install",
    cause: "crash loop",
  });
  assert.match(await text(dashboard), /^level 0 · /);
  assert.match(await text(dashboard, "?type=status"), /^failed · /);
});

Deno.test("an enrolled recipe that was never run has a badge, an unknown one a grey badge, by which pictures do not break", async () => {
  await using dashboard = new TestDashboard();
  assert.match(await message(dashboard), /^unknown recipe .*#6b7280$/);
  const unknown = await dashboard.get(`/badge/${recipe}.svg`);
  await unknown.body?.cancel();
  const tag = unknown.headers.get("etag") ?? "";
  assert.equal(unknown.headers.get("cache-control"), "public, max-age=60");
  assert.equal((await dashboard.get(`/badge/other.svg`, { "if-none-match": tag })).status, 304);
  dashboard.enrolled = [recipe];
  assert.equal(await text(dashboard), "not tested yet");
  assert.equal((await dashboard.get(`/badge/${recipe}.svg`, { "if-none-match": tag })).status, 200);
});

Deno.test("while a first run goes on the badge says so; later the level stays and only the status says running", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce("branch-1", announcementOf({ recipe }, { state: "queued" }));
  assert.equal(await text(dashboard), "queued");
  await dashboard.announce("branch-1", announcementOf({ recipe }));
  assert.equal(await text(dashboard), "running");
  await tell(dashboard, { run: "branch-2", recipe, level: 2 });
  await dashboard.announce("branch-3", announcementOf({ recipe }));
  assert.match(await text(dashboard), /^level 2/);
  assert.equal(await text(dashboard, "?type=status"), "running");
});

Deno.test("a pull request that is tested does not touch the badge", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "branch-1", recipe, level: 2 });
  const before = await (await dashboard.get(`/badge/${recipe}.svg?type=status`)).text();
  await dashboard.announce("prrun1-1", announcementOf({ recipe, subject: pullRequest(4) }));
  await tell(dashboard, { run: "prrun2-1", recipe, subject: pullRequest(4), result: "failed", level: 0 });
  dashboard.clock.set(dashboard.deps.store.find("branch-1")?.finishedAt ?? 0);
  assert.equal(await (await dashboard.get(`/badge/${recipe}.svg?type=status`)).text(), before);
});

Deno.test("where only pull requests were tested the badge names the one it speaks of", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "prrun1-1", recipe, subject: pullRequest(12), level: 2 });
  assert.match(await text(dashboard), /^PR #12: level 2 · /);
});

Deno.test("after thirty days the badge is grey and says how old it is", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "branch-1", recipe, level: 5 });
  const fresh = await message(dashboard);
  dashboard.clock.pass(45 * DAY);
  const stale = await message(dashboard);
  assert.match(stale, /^level 5 · 6 weeks old #6b7280$/);
  assert.match(fresh, / #0b7a53$/);
});

Deno.test("trouble of the CI never shows as the recipe's fault", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, {
    run: "branch-1",
    recipe,
    level: 0,
    result: "infra",
    stage: "fetch",
    cause: "no forge",
  });
  assert.equal(await text(dashboard), "no result yet");
});

Deno.test("a badge may be kept for a minute, is answered with 304 while it is the same, and may be embedded", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run: "branch-1", recipe, level: 2 });
  const answer = await dashboard.get(`/badge/${recipe}.svg`);
  await answer.body?.cancel();
  const tag = answer.headers.get("etag") ?? "";
  assert.equal(answer.headers.get("cache-control"), "public, max-age=60");
  assert.equal(answer.headers.get("cross-origin-resource-policy"), "cross-origin");
  assert.equal(
    (await dashboard.get(`/badge/${recipe}.svg`, { "if-none-match": `W/"x", W/${tag}` })).status,
    304,
  );
  await tell(dashboard, { run: "branch-2", recipe, level: 1 });
  const changed = await dashboard.get(`/badge/${recipe}.svg`, { "if-none-match": tag });
  await changed.body?.cancel();
  assert.equal(changed.status, 200);
});

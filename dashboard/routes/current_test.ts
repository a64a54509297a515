import assert from "node:assert/strict";
import { stageReport } from "../../protocol/result.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { appPicture } from "../testing/picture.ts";
import { announcementOf, main, tell } from "../testing/story.ts";

const recipe = "miniflux";
const page = `/recipes/${recipe}`;

/** A dashboard with a run that compares with a published version and goes on. */
async function going(): Promise<{ dashboard: TestDashboard; say: (...events: object[]) => Promise<void> }> {
  const dashboard = new TestDashboard();
  await tell(dashboard, { run: "ended1-1", recipe, subject: main });
  await dashboard.announce("going1-1", announcementOf({ recipe }));
  let offset = 0;
  const say = async (...events: object[]) => {
    const told = events.map((event) => ({ t: dashboard.clock.iso(), ...event }));
    assert.equal((await dashboard.events("going1-1", { offset, events: told })).status, 200);
    offset += events.length;
  };
  await say(
    { type: "run.started", run: "going1-1", recipe, subject: main, stages: ["upgrade", "install"] },
    { type: "run.subject", commit: "3".repeat(40), dirty: false, base: "1.0.0+1" },
    { type: "stage.started", stage: "upgrade" },
  );
  return { dashboard, say };
}

Deno.test("a recipe's page tells of an upgrade as soon as its stage has ended", async () => {
  const { dashboard, say } = await going();
  await using _ = dashboard;
  assert.doesNotMatch(await dashboard.page(page), /from <bdi>1\.0\.0\+1/);
  const report = stageReport.parse({ name: "upgrade", result: "failed", seconds: 3, cause: "data is gone" });
  await say({ type: "stage.finished", report });
  assert.match(await dashboard.page(page), /from <bdi>1\.0\.0\+1/);
});

Deno.test("a recipe's page shows pictures as soon as they have arrived", async () => {
  await using dashboard = new TestDashboard();
  const names = { before: "upgrade-before.png", after: "upgrade.png", difference: "gap.png" };
  await tell(dashboard, {
    run: "looked-1",
    recipe,
    subject: main,
    stages: [{ name: "upgrade" }],
    base: "1.0.0+1",
    visual: { ...names, changed: 0.1 },
  });
  const picture = await appPicture(1, { width: 8, height: 8 });
  await dashboard.artefact("looked-1", names.before, picture);
  await dashboard.artefact("looked-1", names.after, picture);
  assert.doesNotMatch(await dashboard.page(page), /upgrade-looks/);
  await dashboard.artefact("looked-1", names.difference, picture);
  assert.match(await dashboard.page(page), /upgrade-looks/);
});

Deno.test("lines of log, signs of life and what was said before leave all pages as they are", async () => {
  const { dashboard, say } = await going();
  await using _ = dashboard;
  const { revisions } = dashboard.deps.store;
  const before = [revisions.lists, revisions.of(recipe)];
  await say({ type: "log", stage: "upgrade", line: "one" }, { type: "log", stage: "upgrade", line: "two" });
  await dashboard.heartbeat("going1-1");
  await dashboard.announce("going1-1", announcementOf({ recipe }));
  assert.deepEqual([revisions.lists, revisions.of(recipe)], before);
});

Deno.test("what is written about one recipe leaves the pages of others as they are, and lists where they do not show it", async () => {
  const { dashboard, say } = await going();
  await using _ = dashboard;
  const { revisions } = dashboard.deps.store;
  const lists = revisions.lists;
  await tell(dashboard, { run: "others-1", recipe: "ghost", subject: main });
  const [after, own, other] = [revisions.lists, revisions.of(recipe), revisions.of("ghost")];
  assert.ok(after > lists);
  await say({ type: "stage.started", stage: "install" });
  assert.equal(revisions.lists, after);
  assert.ok(revisions.of(recipe) > own);
  assert.equal(revisions.of("ghost"), other);
});

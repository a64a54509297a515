import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { dropOld, packEnded } from "./housekeeping.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, main, pullRequest, tell, type Told } from "../testing/story.ts";

const run = "packed-1";
const report = "<p>report</p>".repeat(500);

function told(lines: number): Told {
  const log = Array.from({ length: lines }, (_, at) => `line ${at + 1} ${"é".repeat(60)}`);
  return { run, recipe: "miniflux", stages: [{ name: "install", log }], files: { "report.html": report } };
}

Deno.test("files of a run that is over are packed, and read the same", async () => {
  await using dashboard = new TestDashboard();
  const pages = [`/runs/${run}`, `/runs/${run}/stages/install?line=11999`, `/runs/${run}/log.txt`];
  await tell(dashboard, told(12_000));
  const before = await Promise.all(pages.map((path) => dashboard.page(path)));
  assert.deepEqual(await packEnded(dashboard.deps), [], "it may still send files");
  const log = `${dashboard.deps.files.folder}/${run}/events.ndjson`;
  const { size } = await Deno.stat(log);
  assert.ok(size > 1024 * 1024, "more than one block");
  dashboard.clock.pass(31);
  assert.deepEqual(await packEnded(dashboard.deps), [run]);
  assert.ok((await Deno.stat(`${log}.gz`)).size < size / 10);
  const plain = (page: string) => page.replace(/<time[^>]*>[^<]*/g, "");
  const after = await Promise.all(pages.map((path) => dashboard.page(path)));
  for (const [at, page] of after.entries()) assert.ok(plain(page) === plain(before[at] ?? ""), pages[at]);
  assert.deepEqual(await packEnded(dashboard.deps), []);
});

Deno.test("a packed artefact is sent as it is to those who can unpack it, and unpacked to others", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, told(1));
  dashboard.clock.pass(31);
  await packEnded(dashboard.deps);
  const path = `/runs/${run}/artefacts/report.html`;
  assert.equal(await dashboard.page(path), report);
  const answer = await dashboard.get(path, { "accept-encoding": "gzip, br" });
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  assert.equal(gunzipSync(new Uint8Array(await answer.arrayBuffer())).toString(), report);
  assert.match(answer.headers.get("content-security-policy") ?? "", /^sandbox/);
  await dashboard.artefact(run, "report.html", "new");
  assert.equal(await dashboard.page(path), "new");
});

Deno.test("events that come after the files were packed are added to them", async () => {
  await using dashboard = new TestDashboard();
  const all = eventsOf(told(3), () => dashboard.clock.iso(), () => {});
  await dashboard.announce(run, announcementOf(told(3)));
  await dashboard.events(run, { offset: 0, events: all.slice(0, 5) });
  await dashboard.announce(run, announcementOf(told(3), { state: "cancelled" }));
  dashboard.clock.pass(31);
  assert.deepEqual(await packEnded(dashboard.deps), [run]);
  assert.equal((await dashboard.events(run, { offset: 5, events: all.slice(5) })).status, 200);
  assert.equal((await dashboard.page(`/runs/${run}/log.txt`)).trim().split("\n").length, 3);
  dashboard.clock.pass(31);
  assert.deepEqual(await packEnded(dashboard.deps), [run]);
  assert.equal((await dashboard.page(`/runs/${run}/log.txt`)).trim().split("\n").length, 3);
});

Deno.test("old runs go, and too many, but never what speaks for a recipe", async () => {
  await using dashboard = new TestDashboard();
  const names: string[] = [];
  const one = async (name: string, more: Partial<Told> = {}) => {
    names.push(`${name}-1`);
    await tell(dashboard, { run: `${name}-1`, recipe: "miniflux", subject: main, ...more });
    dashboard.clock.pass(86_400);
  };
  const left = () => names.filter((name) => dashboard.deps.store.find(name) !== undefined);
  await one("face00");
  await one("face01", { result: "failed" });
  await one("trouble", { result: "infra" });
  for (let at = 0; at < 5; at++) await one(`change${at}`, { subject: pullRequest(at + 1) });
  await one("others", { recipe: "ghost" });
  await dashboard.announce("waiting-1", announcementOf({ recipe: "miniflux" }, { state: "queued" }));
  names.push("waiting-1");
  assert.deepEqual(await dropOld(dashboard.deps, { days: 365, runs: 100 }), []);
  assert.deepEqual(await dropOld(dashboard.deps, { days: 365, runs: 5 }), ["trouble-1", "change0-1"]);
  dashboard.clock.pass(400 * 86_400);
  assert.deepEqual(await dropOld(dashboard.deps, { days: 365, runs: 100 }), ["change1-1", "change2-1"]);
  assert.deepEqual(left(), ["face00-1", "face01-1", "change3-1", "change4-1", "others-1", "waiting-1"]);
  assert.equal((await dashboard.get("/runs/change0-1")).status, 404);
  assert.throws(() => Deno.statSync(`${dashboard.folder}/runs/change0-1`), Deno.errors.NotFound);
  assert.doesNotMatch(await dashboard.page("/recipes/miniflux"), /change0/);
});

import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import * as api from "../../protocol/dashboard_api.ts";
import type { HostFacts, HostReport } from "../../protocol/dashboard_api.ts";
import { secondToken, TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, tell, type Told } from "../testing/story.ts";

const DAY = 24 * 3600;

async function withRun(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  dashboard.enrolled = ["miniflux"];
  await tell(dashboard, { run: "level0-1", recipe: "miniflux" });
  return dashboard;
}

/** What the page says first, and what the API says is wrong. */
async function lede(dashboard: TestDashboard): Promise<string> {
  const status = api.statusView.parse(JSON.parse(await dashboard.page("/api/status")));
  const said = /<p class="lede(?: wrong)?">([^<]*)<\/p>/.exec(await dashboard.page("/status"))?.[1] ?? "";
  if (status.trouble.length > 0) assert.equal(said, `${status.trouble.join(" · ")}.`);
  return said;
}

Deno.test("the status page tells of a running run that fell silent", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce("going0-1", announcementOf({ recipe: "miniflux" }));
  assert.match(await dashboard.page("/status"), /is well/);
  dashboard.clock.pass(121);
  assert.match(await dashboard.page("/status"), /Nothing was heard of .*going0-1.* at all/);
});

Deno.test("the status page names runner hosts, what they test, and runs that left something behind", async () => {
  await using dashboard = await withRun();
  assert.match(await dashboard.page("/status"), /nothing left behind by the last 50 runs/);
  const told: Told = {
    run: "remains-1",
    recipe: "ghost",
    result: "infra",
    leftovers: ["volume ghos-1_data"],
  };
  await tell(dashboard, told);
  await dashboard.announce("going0-1", announcementOf({ recipe: "gitea" }));
  const report = {
    freeBytes: 12_300_000_000,
    freeInodes: 312,
    janitor: { at: dashboard.clock.iso(), stuck: 2, images: 3 },
  };
  await dashboard.heartbeat("going0-1", { report, token: secondToken });
  const page = await dashboard.page("/status");
  assert.match(page, /<dt>runner<\/dt><dd>heard of [^]*?, idle<\/span>/);
  assert.match(page, /<dt>second\.example\.org<\/dt><dd>heard of [^]*?, testing gitea<\/span>/);
  assert.match(page, /1 run left something behind[^]*href="\/runs\/remains-1"/);
  assert.match(page, /the janitor of second\.example\.org is stuck/);
  assert.match(
    page,
    /12 GB free[^]*312 inodes[^]*Janitor: [^]*2 things could not be removed, 3 images removed for want of room/,
  );
  const status = api.statusView.parse(JSON.parse(await dashboard.page("/api/status")));
  assert.deepEqual(status.hosts.map(({ name, busy, running }) => [name, busy, running]), [
    ["runner", false, []],
    ["second.example.org", true, ["going0-1"]],
  ]);
  assert.deepEqual([status.untidy, status.silent, status.waiting], [["remains-1"], [], 0]);
  const at = dashboard.clock.iso();
  assert.deepEqual(status.hosts.map(({ report }) => report), [
    null,
    { at, ...report },
  ]);
  const metrics = await dashboard.page("/metrics");
  assert.match(metrics, /heard_timestamp_seconds\{host="second\.example\.org"\} 1/);
  assert.match(metrics, /ccci_runner_free_bytes\{host="second\.example\.org"\} 12300000000/);
  assert.match(metrics, /ccci_runner_free_inodes\{host="second\.example\.org"\} 312/);
  assert.match(metrics, /ccci_runner_stuck\{host="second\.example\.org"\} 2/);
});

Deno.test("a dashboard that was never told anything does not say that all is well", async () => {
  await using dashboard = new TestDashboard();
  assert.equal(await lede(dashboard), "No runs yet.");
  const page = await dashboard.page("/status");
  assert.match(page, /<dt>Clean-up<\/dt><dd>no runs yet<\/dd>/);
  assert.doesNotMatch(page, /tone-good/);
});

Deno.test("space that runs out and a janitor that stopped are trouble, said first, until the host is long gone", async () => {
  const now = (dashboard: TestDashboard, ago = 0) =>
    new Date(dashboard.clock.now() - ago * 1000).toISOString();
  const cases: [report: (dashboard: TestDashboard) => HostReport, says: string | RegExp][] = [
    [(at) => ({ freeBytes: 2e9, janitor: { at: now(at, DAY), stuck: 0 } }), /is well/],
    [() => ({ freeBytes: null, janitor: null }), /is well/],
    [() => ({ freeBytes: 9e8, janitor: null }), "runner has 900 MB left."],
    [() => ({ freeBytes: 2e9, freeInodes: 20_000, janitor: null }), /is well/],
    [() => ({ freeBytes: 2e9, freeInodes: 312, janitor: null }), "runner has 312 inodes left."],
    [
      (at) => ({ freeBytes: 9e8, janitor: { at: now(at, 3 * DAY), stuck: 1 } }),
      "runner has 900 MB left · the janitor of runner is stuck · the janitor of runner last ran 3 days ago.",
    ],
  ];
  for (const [report, says] of cases) {
    await using dashboard = await withRun();
    await dashboard.announce("going0-1", announcementOf({ recipe: "miniflux" }));
    await dashboard.heartbeat("going0-1", { report: report(dashboard) });
    const said = await lede(dashboard);
    if (typeof says === "string") assert.equal(said, says);
    else assert.match(said, says);
    await dashboard.announce("going0-1", announcementOf({ recipe: "miniflux" }, { state: "infra" }));
    dashboard.clock.pass(16 * DAY);
    await tell(dashboard, { run: "later0-1", recipe: "miniflux" });
    assert.match(await lede(dashboard), /is well/, "what a host said long ago tells nothing of today");
  }
});

Deno.test("a host whose certificate ends, whose engine has no floor or whose abra nobody knows is trouble", async () => {
  const fine = { freeBytes: 2e9, janitor: null };
  const at = (dashboard: TestDashboard, days: number) =>
    new Date(dashboard.clock.now() + days * DAY * 1000 + 3600_000).toISOString();
  const version = "0.14.0-beta-1234567";
  const cases: [facts: (dashboard: TestDashboard) => HostFacts, says: string | RegExp, shows: RegExp][] = [
    [(one) => ({ certificateEnds: at(one, 22) }), /is well/, /Certificate: ends in 22 days/],
    [
      (one) => ({ certificateEnds: at(one, 20) }),
      "the certificate of runner ends in 20 days.",
      /trouble[^]*?Certificate: ends in 20 days/,
    ],
    [
      (one) => ({ certificateEnds: at(one, -2) }),
      "the certificate of runner ended 2 days ago.",
      /trouble[^]*?Certificate: ended 2 days ago/,
    ],
    [() => ({ floor: true }), /is well/, /Limits of apps: given by Docker/],
    [() => ({ floor: false }), "Docker of runner gives apps no limits.", /trouble[^]*?Docker gives none/],
    [() => ({ abra: { version, tested: true } }), /is well/, /abra 0\.14\.0-beta-1234567<\/p>/],
    [
      () => ({ abra: { version, tested: false } }),
      `nobody has tested abra ${version} of runner.`,
      /abra 0\.14\.0-beta-1234567: [^]*?nobody has tested this version/,
    ],
  ];
  for (const [facts, says, shows] of cases) {
    await using dashboard = await withRun();
    await dashboard.announce("going0-1", announcementOf({ recipe: "miniflux" }));
    await dashboard.heartbeat("going0-1", { report: { ...fine, ...facts(dashboard) } });
    // A run that has just begun has not looked yet: what the one before it found still holds.
    await dashboard.heartbeat("going0-1", { report: fine });
    const said = await lede(dashboard);
    if (typeof says === "string") assert.equal(said, says);
    else assert.match(said, says);
    assert.match(await dashboard.page("/status"), shows);
    if (typeof says !== "string") assert.doesNotMatch(await dashboard.page("/status"), /tone-bad/);
    await dashboard.heartbeat("going0-1", {
      report: {
        ...fine,
        floor: true,
        abra: { version, tested: true },
        certificateEnds: at(dashboard, 90),
      },
    });
    assert.match(await lede(dashboard), /is well/);
    const metrics = await dashboard.page("/metrics");
    assert.match(metrics, /ccci_runner_floor\{host="runner"\} 1/);
    assert.match(metrics, /ccci_runner_certificate_end_timestamp_seconds\{host="runner"\} \d{10}/);
  }
});

Deno.test("what is free where the dashboard keeps its own is judged too", async () => {
  await using dashboard = await withRun();
  dashboard.deps.minFreeBytes = Number.MAX_SAFE_INTEGER;
  assert.match(await lede(dashboard), /^the dashboard has [0-9.]+ \wB left\.$/);
  const { freeBytes, freeInodes } = api.statusView.parse(JSON.parse(await dashboard.page("/api/status")));
  const { bavail, bsize, files } = statfsSync(dashboard.folder);
  assert.ok(Math.abs((freeBytes ?? 0) - bavail * bsize) < 1e9);
  assert.equal(freeInodes === undefined, files === 0, "inodes are told where the disk counts them");
});

Deno.test("default branches that are no longer tested are trouble, where recipes are enrolled", async () => {
  await using dashboard = await withRun();
  dashboard.clock.pass(14 * DAY);
  assert.match(await lede(dashboard), /is well/);
  dashboard.clock.pass(2 * DAY);
  assert.equal(await lede(dashboard), "no default branch was tested for 16 days.");
  dashboard.enrolled = [];
  assert.match(await lede(dashboard), /is well/);
});

Deno.test("a host that tests what is not public is idle to everybody", async () => {
  await using dashboard = await withRun();
  dashboard.hidden.add("hush");
  await dashboard.announce("secret-1", announcementOf({ recipe: "hush" }));
  await dashboard.heartbeat("secret-1", { token: secondToken });
  const page = await dashboard.page("/status");
  assert.match(page, /<dt>second\.example\.org<\/dt><dd>heard of [^]*?, idle<\/span>/);
  assert.doesNotMatch(page, /hush|secret-1/);
  const { hosts } = api.statusView.parse(JSON.parse(await dashboard.page("/api/status")));
  assert.deepEqual(hosts.map(({ busy, running }) => [busy, running]), [[false, []], [false, []]]);
});

Deno.test("the status page says what troubles the bridge, of a recipe that is not public only that there is something", async () => {
  await using dashboard = await withRun();
  assert.match(await dashboard.page("/status"), /<h2>Bridge<\/h2>[^]*?not yet/);
  dashboard.hidden.add("secret-sauce");
  const text = "PR #3: The forge takes no comment of ours: user is blocked";
  const troubles = [{ text, recipe: "miniflux" }, { text, recipe: "secret-sauce" }];
  assert.equal(await dashboard.reportBridge({ troubles }, { token: "nobody's" }), 401);
  assert.equal(await dashboard.reportBridge({ troubles }), 200);
  const page = await dashboard.page("/status");
  assert.match(page, /href="\/recipes\/miniflux">miniflux<\/a>: <bdi>PR #3: The forge takes no comment/);
  assert.doesNotMatch(page, /secret-sauce/);
  assert.match(page, /Something about a recipe that is not public/);
  assert.equal(await lede(dashboard), "2 troubles of the bridge.");
  await dashboard.reportBridge({ troubles: [] });
  assert.match(await lede(dashboard), /is well/);
  dashboard.clock.pass(360);
  assert.match(await lede(dashboard), /^nothing was heard of the bridge for 6 min/);
});

Deno.test("a run's page says that its comment could not be written", async () => {
  await using dashboard = new TestDashboard();
  const remark = "The forge does not take cc-ci's comment on the pull request: user is blocked";
  await dashboard.announce("blocked-1", { ...announcementOf({ recipe: "miniflux" }), remark });
  assert.match(await dashboard.page("/runs/blocked-1"), /on the pull request: user is blocked\./);
  await dashboard.announce("blocked-1", announcementOf({ recipe: "miniflux" }));
  assert.doesNotMatch(await dashboard.page("/runs/blocked-1"), /user is blocked/);
});

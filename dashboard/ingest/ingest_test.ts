import assert from "node:assert/strict";
import { bridgeToken, runnerToken, secondToken, TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, tell } from "../testing/story.ts";

const run = "abc123-1";

function story(dashboard: TestDashboard) {
  return eventsOf({ run, recipe: "miniflux" }, () => dashboard.clock.iso(), () => {});
}

async function announced(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await dashboard.announce(run, announcementOf({ recipe: "miniflux" }));
  return dashboard;
}

Deno.test("announcing a run answers 201 with its page, and 200 when it is said again", async () => {
  await using dashboard = new TestDashboard();
  const first = await dashboard.announce(run, announcementOf({ recipe: "miniflux" }, { state: "queued" }));
  assert.equal(first.status, 201);
  assert.deepEqual(await first.json(), { url: `https://ci.example.org/runs/${run}` });
  assert.equal((await dashboard.announce(run, announcementOf({ recipe: "miniflux" }))).status, 200);
  const view = await (await dashboard.get(`/api/runs/${run}`)).json();
  assert.equal(view.state, "running");
});

Deno.test("a run cannot be taken over by another recipe or commit", async () => {
  await using dashboard = await announced();
  assert.equal((await dashboard.announce(run, announcementOf({ recipe: "ghost" }))).status, 409);
  const other = announcementOf({ recipe: "miniflux", commit: "f".repeat(40) });
  assert.equal((await dashboard.announce(run, other)).status, 409);
});

Deno.test("announcements that are not valid are refused with the reason", async () => {
  await using dashboard = new TestDashboard();
  for (
    const wrong of [{ recipe: "../x" }, { recipe: "miniflux", commit: 3 }, {
      recipe: "miniflux",
      state: "odd",
    }]
  ) {
    const answer = await dashboard.announce(run, { ...announcementOf({ recipe: "miniflux" }), ...wrong });
    assert.equal(answer.status, 400);
    assert.match((await answer.json()).error, /announcement is not valid/);
  }
  assert.equal((await dashboard.announce("Not-A-Run", announcementOf({ recipe: "miniflux" }))).status, 400);
});

Deno.test("writing needs the token of the right program", async () => {
  await using dashboard = await announced();
  const calls: [method: string, path: string, writer: "bridge" | "runner"][] = [
    ["PUT", `/api/runs/${run}`, "bridge"],
    ["POST", `/api/runs/${run}/events?offset=0`, "runner"],
    ["POST", `/api/runs/${run}/heartbeat`, "runner"],
    ["PUT", `/api/runs/${run}/artefacts/a.log`, "runner"],
  ];
  for (const [method, path, writer] of calls) {
    const other = writer === "bridge" ? runnerToken : bridgeToken;
    const answers: [authorization: string | null, status: number][] = [
      [null, 401],
      ["Bearer", 401],
      ["Bearer guess", 401],
      [`Basic ${btoa(`x:${writer === "bridge" ? bridgeToken : runnerToken}`)}`, 401],
      [`Bearer ${other}`, 403],
    ];
    for (const [authorization, status] of answers) {
      const answer = await dashboard.app.request(path, {
        method,
        body: "{}",
        headers: authorization === null ? {} : { authorization },
      });
      assert.equal(answer.status, status, `${method} ${path} with ${authorization}`);
      assert.equal(answer.headers.get("www-authenticate") !== null, status === 401);
    }
  }
});

Deno.test("a run is the business of the host that first spoke of it; another host's token is refused", async () => {
  await using dashboard = await announced();
  const [first, second, ...rest] = story(dashboard);
  assert.equal((await dashboard.events(run, { offset: 0, events: [first], token: secondToken })).status, 200);
  const refused = await dashboard.events(run, { offset: 1, events: [second, ...rest] });
  assert.equal(refused.status, 403);
  assert.match((await refused.json()).error, /business of host "second\.example\.org", not of "runner"/);
  assert.equal((await dashboard.artefact(run, "a.log", "x")).status, 403);
  assert.equal(
    (await dashboard.events(run, { offset: 1, events: [second], token: secondToken })).status,
    200,
  );
  dashboard.restart();
  assert.equal((await dashboard.artefact(run, "a.log", "x")).status, 403);
  assert.match(await dashboard.page(`/runs/${run}`), /on second\.example\.org/);
});

Deno.test("hosts with one token together are known by what they call themselves, and by no name with a token of its own", async () => {
  await using dashboard = new TestDashboard();
  const heard = async (run: string, host?: string) => {
    if (dashboard.deps.store.find(run) === undefined) {
      await dashboard.announce(run, announcementOf({ recipe: "miniflux" }));
    }
    const sent = host === undefined ? {} : { host };
    assert.equal(
      (await dashboard.heartbeat(run, { ...sent, report: { freeBytes: 1, janitor: null } })).status,
      200,
    );
    return dashboard.deps.store.find(run)?.host;
  };
  assert.equal(await heard("aaaaaaaaaaaa-1", "ci"), "ci");
  assert.equal(await heard("bbbbbbbbbbbb-1", "ci-2"), "ci-2");
  assert.equal(await heard("cccccccccccc-1"), "runner");
  assert.equal(await heard("dddddddddddd-1", "second.example.org"), "runner");
  assert.equal(await heard("eeeeeeeeeeee-1", "<b>"), "runner");
  // A host that was given another name goes on with its run.
  assert.equal(await heard("aaaaaaaaaaaa-1", "first"), "ci");
  const { hosts } = JSON.parse(await dashboard.page("/api/status"));
  assert.deepEqual(hosts.map(({ name }: { name: string }) => name), ["ci", "ci-2", "runner"]);
});

Deno.test("a run that was never announced answers 404 to the harness", async () => {
  await using dashboard = new TestDashboard();
  assert.equal((await dashboard.events(run, { offset: 0, events: [] })).status, 404);
  assert.equal((await dashboard.artefact(run, "a.log", "x")).status, 404);
  assert.equal((await dashboard.get(`/api/runs/${run}`)).status, 404);
});

Deno.test("events are appended by offset, and saying them again changes nothing", async () => {
  await using dashboard = await announced();
  const all = story(dashboard);
  const first = await dashboard.events(run, { offset: 0, events: all.slice(0, 4) });
  assert.deepEqual(await first.json(), { offset: 4 });
  const again = await dashboard.events(run, { offset: 0, events: all.slice(0, 4) });
  assert.deepEqual([again.status, await again.json()], [200, { offset: 4 }]);
  const overlapping = await dashboard.events(run, { offset: 2, events: all.slice(2, 7) });
  assert.deepEqual([overlapping.status, await overlapping.json()], [200, { offset: 7 }]);
  const gap = await dashboard.events(run, { offset: 9, events: all.slice(9) });
  assert.equal(gap.status, 409);
  assert.equal((await gap.json()).offset, 7);
  await dashboard.events(run, { offset: 7, events: all.slice(7) });
  const stored = (await Deno.readTextFile(`${dashboard.folder}/runs/${run}/events.ndjson`)).trim().split(
    "\n",
  );
  assert.deepEqual(stored.map((line) => JSON.parse(line)), all);
});

Deno.test("one bad event refuses its whole batch and leaves nothing of it", async () => {
  await using dashboard = await announced();
  const [started, subject] = story(dashboard);
  for (const bad of ["{", '{"type":"log"}', JSON.stringify({ ...started as object, run: "other1-1" })]) {
    const answer = await dashboard.events(run, { offset: 0, events: [started, subject, bad] });
    assert.equal(answer.status, 400);
    assert.match((await answer.json()).error, /^Event 2 /);
  }
  assert.deepEqual(await (await dashboard.events(run, { offset: 0, events: [] })).json(), { offset: 0 });
  assert.equal((await dashboard.events(run, { offset: Number.NaN, events: [] })).status, 400);
});

Deno.test("a body that is too long is refused before it is read", async () => {
  await using dashboard = await announced();
  const answer = await dashboard.app.request(`/api/runs/${run}/events?offset=0`, {
    method: "POST",
    headers: { authorization: `Bearer ${runnerToken}` },
    body: new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20)),
    }),
  });
  assert.equal(answer.status, 413);
});

Deno.test("a run's log has an end: what goes beyond is refused, and the log stays as it is", async () => {
  await using dashboard = await announced();
  const [first, second, ...rest] = story(dashboard);
  dashboard.deps.logLimit = JSON.stringify(first).length + JSON.stringify(second).length + 2;
  assert.equal((await dashboard.events(run, { offset: 0, events: [first, second] })).status, 200);
  const refused = await dashboard.events(run, { offset: 2, events: rest });
  assert.equal(refused.status, 413);
  assert.match((await refused.json()).error, /^The log of this run would be longer than \d+ bytes/);
  assert.deepEqual(await (await dashboard.events(run, { offset: 1, events: [second] })).json(), {
    offset: 2,
  });
  assert.equal(dashboard.deps.store.find(run)?.bytes, dashboard.deps.logLimit);
});

Deno.test("the harness's result stays, whatever the bridge says later", async () => {
  await using dashboard = new TestDashboard();
  await tell(dashboard, { run, recipe: "miniflux", level: 2 });
  await dashboard.announce(
    run,
    announcementOf({ recipe: "miniflux" }, { state: "failed", cause: "exit code 1" }),
  );
  const view = await (await dashboard.get(`/api/runs/${run}`)).json();
  assert.equal(view.state, "passed");
  assert.equal(view.cause, null);
  assert.equal(view.result.level, 2);
});

Deno.test("without a result the bridge's word is the state, with its cause", async () => {
  await using dashboard = await announced();
  await dashboard.events(run, { offset: 0, events: story(dashboard).slice(0, 4) });
  const said = announcementOf({ recipe: "miniflux" }, {
    state: "infra",
    cause: "the runner was switched off",
  });
  await dashboard.announce(run, said);
  const view = await (await dashboard.get(`/api/runs/${run}`)).json();
  assert.deepEqual([view.state, view.cause], ["infra", "the runner was switched off"]);
  assert.equal(view.finishedAt, dashboard.clock.iso());
});

Deno.test("a queued run counts as running once its harness says that it started", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce(run, announcementOf({ recipe: "miniflux" }, { state: "queued", position: 2 }));
  await dashboard.events(run, { offset: 0, events: story(dashboard).slice(0, 3) });
  const view = await (await dashboard.get(`/api/runs/${run}`)).json();
  assert.equal(view.state, "running");
  assert.deepEqual(view.stages[0], { name: "fetch", running: true, report: null });
});

Deno.test("a heartbeat is answered with whether to stop, and why", async () => {
  await using dashboard = await announced();
  const beat = async () => await (await dashboard.heartbeat(run)).json();
  assert.deepEqual(await beat(), { cancel: false, why: null });
  const cause = "maintainer asked for it";
  await dashboard.announce(run, announcementOf({ recipe: "miniflux" }, { state: "cancelled", cause }));
  assert.deepEqual(await beat(), { cancel: true, why: cause });
});

Deno.test("runs are listed newest first, page by page", async () => {
  await using dashboard = new TestDashboard();
  for (let at = 1; at <= 5; at++) {
    await tell(dashboard, { run: `listed-${at}`, recipe: at === 3 ? "ghost" : "miniflux" });
  }
  const first = await (await dashboard.get("/api/runs?recipe=miniflux&limit=3")).json();
  assert.deepEqual(first.runs.map((one: { run: string }) => one.run), ["listed-5", "listed-4", "listed-2"]);
  const rest = await (await dashboard.get(first.next.replace("https://ci.example.org", ""))).json();
  assert.deepEqual([rest.runs.map((one: { run: string }) => one.run), rest.next], [["listed-1"], null]);
  assert.equal((await dashboard.get("/api/runs?limit=0")).status, 400);
  assert.equal((await dashboard.get("/api/nothing")).status, 404);
});

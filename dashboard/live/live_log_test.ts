import assert from "node:assert/strict";
import { waitFor } from "../../common/time.ts";
import { sharedFrames } from "./shared_frames.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, type Told } from "../testing/story.ts";

const told: Told = {
  run: "live01-1",
  recipe: "miniflux",
  stages: [{ name: "install", log: ["one", "two <b>", "three"] }, { name: "teardown", log: ["gone"] }],
};

interface Frame {
  id: number;
  event: string;
  data: unknown;
}

async function begun(): Promise<{ dashboard: TestDashboard; events: unknown[] }> {
  const dashboard = new TestDashboard();
  await dashboard.announce(told.run, announcementOf(told));
  return { dashboard, events: eventsOf(told, () => dashboard.clock.iso(), () => {}) };
}

/** Reads frames until `enough` says so, then hangs up. */
async function frames(answer: Response, enough: (all: Frame[]) => boolean): Promise<Frame[]> {
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  const all: Frame[] = [];
  let rest = "";
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      if (field("event") === undefined) continue;
      all.push({
        id: Number(field("id")),
        event: field("event") ?? "",
        data: JSON.parse(field("data") ?? "null"),
      });
    }
    if (enough(all)) return all;
  }
  return all;
}

function linesOf(all: Frame[]): string[] {
  return all.filter((frame) => frame.event === "lines")
    .flatMap((frame) => frame.data as { stage: string; first: number; html: string[] }[])
    .flatMap(({ stage, first, html }) => html.map((_, at) => `${stage} ${first + at}`));
}

Deno.test("a viewer sees the lines so far, then new ones as they come, then the end", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 5) });
  const seen = frames(await dashboard.get(`/runs/${told.run}/log`), (all) => all.at(-1)?.event === "end");
  await dashboard.events(told.run, { offset: 5, events: events.slice(5) });
  const all = await seen;
  assert.deepEqual(linesOf(all), ["install 1", "install 2", "install 3", "teardown 1"]);
  assert.equal(all.at(-1)?.event, "end");
  const html = JSON.stringify(all);
  assert.match(html, /two &lt;b&gt;/);
  assert.doesNotMatch(html, /two <b>/);
});

Deno.test("a viewer that comes back goes on where it stopped, with the same line numbers", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  // One batch: the place to go on lies in its middle.
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 5) });
  const first = await frames(
    await dashboard.get(`/runs/${told.run}/log`),
    (all) => linesOf(all).length === 2,
  );
  assert.equal(first.findLast((frame) => frame.event === "lines")?.id, 5);
  await dashboard.events(told.run, { offset: 5, events: events.slice(5, 7) });
  const again = await frames(
    await dashboard.get(`/runs/${told.run}/log?from=0`, { "last-event-id": "4" }),
    (all) => all.some((frame) => frame.event === "state"),
  );
  assert.deepEqual(linesOf(again), ["install 2", "install 3"]);
});

Deno.test("the page goes on after the last event it was made of", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 5) });
  const page = await dashboard.page(`/runs/${told.run}`);
  assert.match(page, /id="install-2"/);
  assert.match(page, /data-live="\/runs\/live01-1\/log\?from=5"/);
});

Deno.test("the stream tells what changed on the page, as the page itself would show it", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 3) });
  const page = await dashboard.page(`/runs/${told.run}`);
  const path = `/runs/${told.run}/log?from=3`;
  const seen = await frames(await dashboard.get(path), (all) => all.length > 2);
  const parts = seen.flatMap(({ event, data }) => {
    assert.equal(event, "state");
    const { shape, fragments } = data as { shape: string; fragments: { id: string; html: string }[] };
    assert.ok(page.includes(`data-shape="${shape}"`));
    return fragments;
  });
  assert.deepEqual(parts.map((part) => part.id), ["verdict", "stage-install", "stage-teardown"]);
  for (const { html } of parts) assert.ok(page.includes(html));
});

Deno.test("what is on the page already is not sent again", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 3) });
  const whole = frames(
    await dashboard.get(`/runs/${told.run}/log?from=3`),
    (all) => all.at(-1)?.event === "end",
  );
  await dashboard.events(told.run, { offset: 3, events: events.slice(3, 5) });
  await dashboard.events(told.run, { offset: 5, events: events.slice(5) });
  const sent = (await whole).filter((frame) => frame.event === "state").map((frame) =>
    JSON.stringify(frame.data)
  );
  assert.ok(sent.length >= 3);
  assert.equal(new Set(sent).size, sent.length);
});

Deno.test("whoever comes back after the end gets the rest, and is told to stop once it saw the end", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  await dashboard.events(told.run, { offset: 0, events });
  const again = await frames(
    await dashboard.get(`/runs/${told.run}/log`, { "last-event-id": "5" }),
    (all) => all.at(-1)?.event === "end",
  );
  assert.deepEqual(linesOf(again), ["install 3", "teardown 1"]);
  assert.deepEqual(again.slice(-2).map((frame) => frame.event), ["state", "end"]);
  assert.equal((await dashboard.get(`/runs/${told.run}/log`, { "last-event-id": "end" })).status, 204);
});

Deno.test("a quiet stream shows signs of life", async () => {
  const { dashboard } = await begun();
  await using _ = dashboard;
  const quiet = await dashboard.get(`/runs/${told.run}/log`);
  let text = "";
  for await (const piece of quiet.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.includes(": still here")) break;
  }
  assert.equal((await dashboard.get("/runs/unknown-1/log")).status, 404);
});

Deno.test("when the program ends, viewers are let go", async () => {
  const { dashboard, events } = await begun();
  await using _ = dashboard;
  dashboard.deps.keepAliveMs = 60_000;
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 5) });
  const answer = await dashboard.get(`/runs/${told.run}/log`);
  const seen = frames(answer, () => false);
  dashboard.deps.hub[Symbol.dispose]();
  assert.equal((await seen).some((frame) => frame.event === "end"), false);
});

Deno.test("viewers who begin where they like make the program keep no more for it, and nothing once they left", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce(told.run, announcementOf(told));
  const log = Array.from({ length: 300 }, (_, at) => `${at} ${'"<&>'.repeat(200)}`);
  const events = eventsOf(
    { ...told, stages: [{ name: "install", log }] },
    () => dashboard.clock.iso(),
    () => {},
  );
  // Little lies behind the beginning of the newest batch.
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 200) });
  await dashboard.events(told.run, { offset: 200, events: events.slice(200, 300) });
  const shared = sharedFrames(dashboard.deps);
  const watch = async (from: number) => {
    const answer = await dashboard.get(`/runs/${told.run}/log?from=${from}`);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; !text.includes("event: state");) {
      const { done, value } = await reader?.read() ?? { done: true };
      assert.ok(!done && value !== undefined, `the stream ended after ${text}`);
      text += value;
    }
    return reader;
  };
  const follower = await watch(200);
  const kept = shared.bytes;
  assert.ok(kept > 100_000, "what a follower gets is kept");
  const visitors = await Promise.all(Array.from({ length: 90 }, (_, at) => watch(205 + at)));
  assert.equal(shared.bytes, kept);
  for (const reader of [follower, ...visitors]) await reader?.cancel();
  await waitFor(() => shared.bytes === 0, { what: "nothing to be kept", timeoutMs: 60_000 });
});

Deno.test("a long piece of log comes in small frames, and whoever comes back after one of them misses nothing", async () => {
  const long: Told = {
    ...told,
    stages: [{
      name: "install",
      log: Array.from({ length: 130 }, (_, at) => `line ${at} ${"x".repeat(150)}`),
    }],
  };
  await using dashboard = new TestDashboard();
  await dashboard.announce(long.run, announcementOf(long));
  const events = eventsOf({ ...long, unfinished: true }, () => dashboard.clock.iso(), () => {});
  await dashboard.events(long.run, { offset: 0, events });
  const path = `/runs/${long.run}/log`;
  const whole = (all: Frame[]) => linesOf(all).at(-1) === "install 130";
  const all = await frames(await dashboard.get(path), whole);
  const pieces = all.filter((frame) => frame.event === "lines");
  assert.ok(pieces.length > 1);
  assert.ok(pieces.every((frame) => JSON.stringify(frame.data).length < 8_000));
  assert.equal(linesOf(all).length, 130);
  const [first, ...others] = pieces;
  const rest = await frames(await dashboard.get(path, { "last-event-id": String(first?.id) }), whole);
  assert.deepEqual(linesOf(rest), linesOf(others));
});

Deno.test("viewers who lag far behind are given what was read once for all of them", async () => {
  await using dashboard = new TestDashboard();
  await dashboard.announce(told.run, announcementOf(told));
  const log = Array.from({ length: 3_000 }, (_, at) => `${at} ${"x".repeat(100)}`);
  const events = eventsOf(
    { ...told, stages: [{ name: "install", log }], unfinished: true },
    () => dashboard.clock.iso(),
    () => {},
  );
  for (let offset = 0; offset < events.length; offset += 500) {
    await dashboard.events(told.run, { offset, events: events.slice(offset, offset + 500) });
  }
  const { files, store } = dashboard.deps;
  let bytes = 0;
  const read = files.read.bind(files);
  files.read = (run, from, end) => {
    bytes += end - from.byte;
    return read(run, from, end);
  };
  const all = (seen: Frame[]) => linesOf(seen).at(-1) === "install 3000";
  const watch = async () => linesOf(await frames(await dashboard.get(`/runs/${told.run}/log`), all));
  const [one, other] = await Promise.all([watch(), watch()]);
  assert.deepEqual([one.length, other.length], [3_000, 3_000]);
  assert.equal(bytes, store.find(told.run)?.bytes);
});

import assert from "node:assert/strict";
import { fillWithSample } from "../testing/sample.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { tell } from "../testing/story.ts";

const WIRE = 100_000;
const UNPACKED = 1_000_000;

/** Text that cannot be packed well, the same every time. */
function noise(length: number, seed: number): string {
  let state = seed + 1;
  let text = "";
  while (text.length < length) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    text += (state >>> 0).toString(36);
  }
  return text.slice(0, length);
}

/** Logs that make large pages, each in its own way. */
const logs: Record<string, (at: number) => string> = {
  ordinary: (at) => `2026-03-01T12:00:00Z app.1 | GET /feed/${at} 200 in ${at % 97} ms, ${noise(8, at)}`,
  long: (at) => `${at} ${"word ".repeat(700)}`,
  escaped: (at) => `${at} ${`"<&>'`.repeat(600)}`,
  coloured: (at) => `${at} ${"\x1b[31mr\x1b[42mg".repeat(150)}`,
  noise: (at) => noise(4_000, at),
  digests: (at) => `sha256:${noise(64, at)}`,
  foreign: (at) => `${at} ${"日本語".repeat(300)}`,
  rarely: (at) => at % 100 === 7 ? noise(50_000, at) : `${at} ok`,
};

async function sizes(dashboard: TestDashboard, path: string): Promise<{ wire: number; unpacked: number }> {
  const answer = await dashboard.get(path, { "accept-encoding": "gzip, br" });
  assert.equal(answer.headers.get("content-encoding"), "gzip", path);
  assert.match(answer.headers.get("vary") ?? "", /accept-encoding/i, path);
  const wire = await answer.bytes();
  const plain = await dashboard.get(path);
  assert.equal(plain.headers.get("content-encoding"), null);
  const unpacked = await plain.bytes();
  const again = new Response(new Blob([wire]).stream().pipeThrough(new DecompressionStream("gzip")));
  assert.deepEqual(await again.bytes(), unpacked, path);
  return { wire: wire.length, unpacked: unpacked.length };
}

for (const [kind, line] of Object.entries(logs)) {
  Deno.test(`pages of a big log stay small on the wire and off it, lines: ${kind}`, async () => {
    await using dashboard = new TestDashboard();
    const log = Array.from({ length: 1_000 }, (_, at) => line(at));
    // Two stages that went wrong: their last lines are on the run's page.
    await tell(dashboard, {
      run: "biglog1-1",
      recipe: "miniflux",
      result: "failed",
      stage: "upgrade",
      stages: [{ name: "install", result: "failed", log }, { name: "upgrade", result: "failed", log }],
    });
    for (const path of ["/runs/biglog1-1", "/runs/biglog1-1/stages/install"]) {
      const { wire, unpacked } = await sizes(dashboard, path);
      assert.ok(wire <= WIRE, `${path}: ${wire} bytes on the wire`);
      assert.ok(unpacked <= UNPACKED, `${path}: ${unpacked} bytes unpacked`);
    }
    const page = await dashboard.page("/runs/biglog1-1/stages/install?line=700");
    assert.equal(page.match(/class="line"/g)?.length, 1_000, "every line has its place");
  });
}

Deno.test("lines of usual length are shown whole; one that is cut says so and leads to the whole", async () => {
  await using dashboard = new TestDashboard();
  const usual = Array.from({ length: 999 }, (_, at) => `${noise(30, at)} ${"usual ".repeat(10)}`);
  const log = [...usual, "x".repeat(12_345)];
  await tell(dashboard, { run: "biglog1-1", recipe: "miniflux", stages: [{ name: "install", log }] });
  const page = await dashboard.page("/runs/biglog1-1/stages/install");
  for (const line of usual) assert.ok(page.includes(`<span>${line}</span>`), line);
  assert.match(
    page,
    /<span>x+<a href="\/runs\/biglog1-1\/log\.txt\?stage=install">… 12,345 characters<\/a><\/span>/,
  );
});

Deno.test("every page goes packed to whoever takes it", async () => {
  await using dashboard = new TestDashboard();
  await fillWithSample(dashboard);
  for (
    const path of ["/", "/recipes/peertube", "/runs/live0001-1", "/runs/live0001-1/stages/install", "/queue"]
  ) {
    const { wire } = await sizes(dashboard, path);
    assert.ok(wire <= WIRE, `${path}: ${wire} bytes on the wire`);
  }
  for (const path of ["/status", "/api/runs", "/nowhere"]) await sizes(dashboard, path);
});

Deno.test("an artefact comes with its length, which tells how far a download is", async () => {
  await using dashboard = new TestDashboard();
  const html = "<p>Report</p>".repeat(1_000);
  await tell(dashboard, { run: "report1-1", recipe: "miniflux", files: { "report.html": html } });
  const answer = await dashboard.get("/runs/report1-1/artefacts/report.html", { "accept-encoding": "gzip" });
  assert.equal(answer.headers.get("content-length"), String(html.length));
  assert.equal(await answer.text(), html);
});

Deno.test("a stream of events is not packed, and each goes out at once", async () => {
  await using dashboard = new TestDashboard();
  await fillWithSample(dashboard);
  const answer = await dashboard.get("/runs/live0001-1/log", { "accept-encoding": "gzip" });
  assert.equal(answer.headers.get("content-encoding"), null);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader?.read())?.value, "retry: 2000\n\n");
  await reader?.cancel();
});

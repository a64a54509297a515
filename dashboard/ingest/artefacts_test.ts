import assert from "node:assert/strict";
import { artefactsOfRun } from "../model/artefact_types.ts";
import { runnerToken, TestDashboard } from "../testing/dashboard.ts";
import { appPicture } from "../testing/picture.ts";
import { announcementOf, tell } from "../testing/story.ts";

const run = "abc123-1";

async function announced(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await dashboard.announce(run, announcementOf({ recipe: "miniflux" }));
  return dashboard;
}

Deno.test("an artefact comes back as it was sent, with the type of its name", async () => {
  await using dashboard = await announced();
  const picture = await appPicture(1, { width: 8, height: 8 });
  assert.equal((await dashboard.artefact(run, "install.png", picture)).status, 201);
  const answer = await dashboard.get(`/runs/${run}/artefacts/install.png`);
  assert.equal(answer.headers.get("content-type"), "image/png");
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), picture);
  const tag = answer.headers.get("etag") ?? "";
  assert.equal(
    (await dashboard.get(`/runs/${run}/artefacts/install.png`, { "if-none-match": tag })).status,
    304,
  );
  const view = await (await dashboard.get(`/api/runs/${run}`)).json();
  assert.deepEqual(view.artefacts, [{
    name: "install.png",
    bytes: picture.length,
    url: `https://ci.example.org/runs/${run}/artefacts/install.png`,
  }]);
});

Deno.test("a report is never active: sandboxed, without scripts, not to be sniffed", async () => {
  await using dashboard = await announced();
  await dashboard.artefact(run, "report.html", "<script>alert(1)</script>");
  const answer = await dashboard.get(`/runs/${run}/artefacts/report.html`);
  await answer.body?.cancel();
  assert.equal(
    answer.headers.get("content-security-policy"),
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  );
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("markup other than reports is served as text", async () => {
  await using dashboard = await announced();
  await dashboard.artefact(run, "junit.xml", "<?xml-stylesheet href='x'?><a/>");
  const answer = await dashboard.get(`/runs/${run}/artefacts/junit.xml`);
  assert.equal(await answer.text(), "<?xml-stylesheet href='x'?><a/>");
  assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
});

Deno.test("names that are no names never reach the file system", async () => {
  await using dashboard = await announced();
  const names = [
    "..%2f..%2fdashboard.db",
    "%2e%2e",
    "a.svg",
    "a.js",
    "A.png",
    ".hidden.png",
    "a%00.png",
    "a%5cb.png",
  ];
  for (const name of names) {
    const put = await dashboard.artefact(run, name, "x");
    assert.ok([400, 404].includes(put.status), `PUT ${name} answered ${put.status}`);
    for (const path of [`/runs/${run}/artefacts/${name}`, `/runs/..%2f${run}/artefacts/${name}`]) {
      assert.equal((await dashboard.get(path)).status, 404, path);
    }
  }
  for (const path of ["/runs/..%2f..", "/assets/..%2fstyle.css", "/assets/__proto__"]) {
    assert.equal((await dashboard.get(path)).status, 404, path);
  }
  assert.throws(() => dashboard.deps.files.append("../escape", { at: 0, data: new Uint8Array(1) }));
  await assert.rejects(dashboard.deps.files.open(run, "../events.ndjson"));
});

Deno.test("what is no picture is not taken for one, and what is too large leaves nothing behind", async () => {
  await using dashboard = await announced();
  assert.equal((await dashboard.artefact(run, "a.png", "<svg onload=alert(1)>")).status, 400);
  assert.equal((await dashboard.artefact(run, "a.png", "")).status, 400);
  const large = new Uint8Array(10 * 1024 * 1024 + 1);
  large.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  assert.equal((await dashboard.artefact(run, "a.png", large)).status, 413);
  assert.deepEqual([...Deno.readDirSync(`${dashboard.folder}/runs/${run}/artefacts`)], []);
});

Deno.test("the picture of a fresh install stands for the app, a small one made for it even more", async () => {
  await using dashboard = new TestDashboard();
  const picture = await appPicture(1, { width: 8, height: 8 });
  await tell(dashboard, {
    run,
    recipe: "miniflux",
    stages: [{ name: "install", screenshots: ["page.png"] }, { name: "upgrade", screenshots: ["after.png"] }],
    pictures: { "after.png": picture },
  });
  const thumb = () => dashboard.deps.store.find(run)?.thumbnail;
  assert.equal(thumb(), "after.png");
  await dashboard.artefact(run, "page.png", picture);
  assert.equal(thumb(), "page.png");
  await dashboard.artefact(run, "thumb.png", picture);
  assert.equal(thumb(), "thumb.png");
  assert.match(await dashboard.page("/"), new RegExp(`src="/runs/${run}/artefacts/thumb.png"`));
});

/** An upload that is under way: its body goes on when it is let go. */
function begun(dashboard: TestDashboard, name: string, size: number) {
  const { promise: letGo, resolve } = Promise.withResolvers<void>();
  const { promise: isRead, resolve: read } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      read();
      await letGo;
      controller.enqueue(new Uint8Array(size));
      controller.close();
    },
  }, { highWaterMark: 0 });
  const answer = Promise.resolve(dashboard.app.request(`/api/runs/${run}/artefacts/${name}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${runnerToken}` },
    body,
  }));
  return { isRead, letGo: resolve, answer };
}

Deno.test("uploads at the same time do not exceed together what a run may have", async () => {
  const { count, bytes } = artefactsOfRun;
  try {
    Object.assign(artefactsOfRun, { count: 5, bytes: 10_000 });
    for (
      const { names, size, kept } of [
        { names: ["a", "b", "c", "d", "e", "f", "g", "h"], size: 10, kept: 5 },
        { names: ["a", "b", "c", "d"], size: 4_000, kept: 2 },
        { names: ["same", "same", "same"], size: 4_000, kept: 1 },
      ]
    ) {
      await using dashboard = await announced();
      const uploads = names.map((name) => begun(dashboard, `${name}.log`, size));
      await Promise.all(uploads.map(({ isRead }) => isRead));
      for (const { letGo } of uploads) letGo();
      const answers = await Promise.all(uploads.map(({ answer }) => answer));
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        assert.equal(answer.status, 413);
        assert.match((await answer.json()).error, /This run has all the artefacts it may have/);
      }
      const recorded = dashboard.deps.store.artefacts(run);
      assert.equal(recorded.length, kept, names.join());
      const files = [...Deno.readDirSync(`${dashboard.folder}/runs/${run}/artefacts`)].map(({ name }) =>
        name
      );
      assert.deepEqual(files.sort(), recorded.map(({ name }) => name));
    }
  } finally {
    Object.assign(artefactsOfRun, { count, bytes });
  }
});

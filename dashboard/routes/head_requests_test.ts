import assert from "node:assert/strict";
import { waitFor } from "../../common/time.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, tell, type Told } from "../testing/story.ts";

const told: Told = {
  run: "going01-1",
  recipe: "miniflux",
  stages: [{ name: "install", log: ["one", "two"] }],
};
/** Files that no viewer sees the end of at once, and one that is kept packed. */
const files = { "big.log": "x".repeat(1_000_000), "small.json": "{}" };

async function filled(): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  await tell(dashboard, { ...told, run: "ended01-1", files });
  await dashboard.deps.files.pack("ended01-1");
  await dashboard.announce(told.run, announcementOf(told));
  const events = eventsOf(told, () => dashboard.clock.iso(), () => {});
  await dashboard.events(told.run, { offset: 0, events: events.slice(0, 4) });
  return dashboard;
}

/** Files of the dashboard's folder that this process has open. */
function openFiles(folder: string): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return [Deno.readLinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  }).filter((path) => path.startsWith(`${folder}/runs/`));
}

const streamed = [
  "/runs/going01-1/log.txt",
  "/runs/going01-1/log",
  "/runs/ended01-1/log",
  "/runs/ended01-1/log.txt",
  "/runs/ended01-1/artefacts/big.log",
  "/runs/ended01-1/artefacts/small.json",
];

Deno.test("a HEAD of a streamed answer keeps no file open and takes no viewer's place", async () => {
  await using dashboard = await filled();
  for (const path of streamed) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => dashboard.app.request(path, { method: "HEAD" })),
    );
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.equal((await answer.bytes()).length, 0);
    }
    await waitFor(() => openFiles(dashboard.folder).length === 0, {
      what: `${path} shut`,
      timeoutMs: 60_000,
    });
    assert.match(await dashboard.page("/metrics"), /ccci_dashboard_viewers 0\n/, path);
  }
});

Deno.test("a HEAD says of an answer what a GET says, and no length that is not so", async () => {
  await using dashboard = await filled();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => dashboard.app.fetch(request),
  );
  const pages = ["/", "/recipes/miniflux", "/badge/miniflux.svg", "/queue", "/api/runs", "/assets/style.css"];
  for (const path of [...pages, ...streamed, "/nowhere"]) {
    const ask = async (method: string) => {
      using socket = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      const said = `${method} ${path} HTTP/1.1\r\nhost: ci.example.org\r\nconnection: close\r\n\r\n`;
      await socket.write(new TextEncoder().encode(said));
      return await headOf(socket);
    };
    const [head, body] = [await ask("HEAD"), await ask("GET")];
    assert.equal(head.get(":status"), body.get(":status"), path);
    assert.equal(head.get("content-type"), body.get("content-type"), path);
    const length = head.get("content-length");
    if (length !== undefined) assert.equal(length, body.get("content-length"), path);
  }
});

Deno.test("a HEAD of what the browser has already is answered 304", async () => {
  await using dashboard = await filled();
  for (const path of ["/", "/runs/ended01-1/artefacts/big.log"]) {
    const tag = (await dashboard.app.request(path, { method: "HEAD" })).headers.get("etag") ?? "";
    const answer = await dashboard.app.request(path, { method: "HEAD", headers: { "if-none-match": tag } });
    assert.equal(answer.status, 304, path);
  }
});

/** Status and headers of the answer that comes. */
async function headOf(socket: Deno.Conn): Promise<Map<string, string>> {
  const buffer = new Uint8Array(16 * 1024);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const got = await socket.read(buffer);
    if (got === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, got));
  }
  const [status = "", ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  return new Map([
    [":status", status],
    ...lines.map((line): [string, string] => {
      const at = line.indexOf(": ");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
    }),
  ]);
}

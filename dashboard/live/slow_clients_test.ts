import assert from "node:assert/strict";
import { waitFor } from "../../common/time.ts";
import { runnerToken, TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, eventsOf, type Told } from "../testing/story.ts";

const LINES = 40_000;
const BATCH = 5_000;
const told: Told = {
  run: "slowly-1",
  recipe: "miniflux",
  stages: [{ name: "install", log: Array.from({ length: LINES }, (_, at) => `${at} ${"x".repeat(80)}`) }],
};

/** A dashboard on a socket, with a run that has begun. */
class Served implements AsyncDisposable {
  readonly dashboard = new TestDashboard();
  readonly events = eventsOf(told, () => this.dashboard.clock.iso(), () => {});
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #sockets: Deno.Conn[] = [];
  #sent = 0;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.dashboard.app.fetch(request),
    );
  }

  static async begun(): Promise<Served> {
    const served = new Served();
    await served.dashboard.announce(told.run, announcementOf(told));
    await served.send(BATCH);
    return served;
  }

  /** A connection on which nothing but this was ever said. */
  async connect(said: string): Promise<Deno.Conn> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: this.#server.addr.port });
    this.#sockets.push(socket);
    await socket.write(new TextEncoder().encode(said));
    return socket;
  }

  /** The harness sends events, over its own connection, and sees them acknowledged. */
  async send(count: number): Promise<void> {
    const batch = this.events.slice(this.#sent, this.#sent + count);
    const { port } = this.#server.addr;
    const answer = await fetch(
      `http://127.0.0.1:${port}/api/runs/${told.run}/events?offset=${this.#sent}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${runnerToken}` },
        body: batch.map((event) => JSON.stringify(event)).join("\n"),
      },
    );
    this.#sent += batch.length;
    assert.deepEqual(await answer.json(), { offset: this.#sent });
  }

  async sendAll(): Promise<void> {
    while (this.#sent < this.events.length) await this.send(BATCH);
  }

  async viewers(): Promise<number> {
    const metrics = await this.dashboard.page("/metrics");
    return Number(/^ccci_dashboard_viewers (\d+)$/m.exec(metrics)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) close(socket);
    this.dashboard.deps.hub[Symbol.dispose]();
    await this.#server.shutdown();
    await this.dashboard[Symbol.asyncDispose]();
  }
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch { /* closed already */ }
}

const watch = `GET /runs/${told.run}/log HTTP/1.1\r\nhost: ci.example.org\r\n\r\n`;

/** Reads until `enough`, or until the other side is done. */
async function read(socket: Deno.Conn, enough: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256 * 1024);
  let text = "";
  while (!enough(text.slice(-2_000))) {
    const got = await socket.read(buffer);
    if (got === null) break;
    text += decoder.decode(buffer.subarray(0, got), { stream: true });
  }
  return text;
}

Deno.test("viewers that stop reading hold up neither the harness nor each other, and miss nothing when they go on", async () => {
  await using served = await Served.begun();
  const stuck = await served.connect(watch);
  await served.connect(watch);
  await waitFor(async () => await served.viewers() === 2, { what: "both to watch", timeoutMs: 60_000 });
  await served.sendAll();
  assert.equal(served.dashboard.deps.store.find(told.run)?.state, "passed");
  const text = await read(stuck, (end) => end.includes("event: end"));
  let next = 1;
  for (const [, data = ""] of text.matchAll(/^data: (\[.*\])$/gm)) {
    for (const { first, html } of JSON.parse(data) as { first: number; html: string[] }[]) {
      assert.equal(first, next);
      next += html.length;
    }
  }
  assert.equal(next, LINES + 1);
});

Deno.test("a viewer that hangs up without a word is forgotten", async () => {
  await using served = await Served.begun();
  const socket = await served.connect(watch);
  await waitFor(async () => await served.viewers() === 1, { what: "it to watch", timeoutMs: 60_000 });
  socket.close();
  await served.send(BATCH);
  await waitFor(async () => await served.viewers() === 0, { what: "it to be forgotten", timeoutMs: 60_000 });
});

Deno.test("a viewer that takes nothing for long loses its place", async () => {
  await using served = await Served.begun();
  await served.sendAll();
  served.dashboard.deps.patienceMs = 50;
  const stream = await served.dashboard.get(`/runs/${told.run}/log`);
  await waitFor(async () => await served.viewers() === 0, {
    what: "the place to be free",
    timeoutMs: 60_000,
  });
  await assert.rejects(new Response(stream.body).text(), /takes nothing/);
});

Deno.test("an uploader that trickles is given up, and leaves nothing behind", async () => {
  await using served = await Served.begun();
  served.dashboard.deps.patienceMs = 50;
  for (const call of ["PUT /api/runs/slowly-1/artefacts/a.log", "POST /api/runs/slowly-1/events?offset=0"]) {
    const socket = await served.connect(
      `${call} HTTP/1.1\r\nhost: ci.example.org\r\nauthorization: Bearer ${runnerToken}\r\n` +
        "content-length: 1000\r\n\r\nslow",
    );
    assert.match(await read(socket, (text) => text.includes("in time")), /^HTTP\/1\.1 408 /);
  }
  const folder = `${served.dashboard.folder}/runs/${told.run}/artefacts`;
  await waitFor(() => [...Deno.readDirSync(folder)].length === 0, { what: "no file", timeoutMs: 60_000 });
});

Deno.test("requests whose headers never end keep nobody else waiting", async () => {
  await using served = await Served.begun();
  await Promise.all(Array.from({ length: 200 }, () => served.connect("GET / HTTP/1.1\r\nhost: ci.exam")));
  await served.send(BATCH);
  assert.match(await served.dashboard.page("/"), /miniflux/);
});

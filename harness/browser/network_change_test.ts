import assert from "node:assert/strict";
import { exec, execOk } from "../../common/exec.ts";
import { openBrowser, type Page } from "./browser.ts";
import { httpsSite, missingForBrowser } from "../testing/https_site.ts";

/** Addresses change when a container starts; only root can make one do so here. */
const missing = await missingForBrowser("ip") ??
  (Deno.uid() === 0 ? undefined : "root's rights");
const ignore = missing !== undefined;
const skipped = missing === undefined ? "" : ` (skipped: ${missing} is missing)`;

const url = "https://app.ci.test";

/** Many changes in a row give Chromium the time to notice the first. */
async function changeAddresses(): Promise<void> {
  const link = `ccci${Deno.pid}`.slice(0, 13);
  try {
    await execOk(["ip", "link", "add", link, "type", "veth", "peer", "name", `${link}p`]);
    await execOk(["ip", "link", "set", `${link}p`, "up"]);
    await execOk(["ip", "link", "set", link, "up"]);
    // Single addresses bring no route with them, so that none of the host's own networks can be hidden.
    for (let last = 1; last <= 60; last++) {
      await execOk(["ip", "addr", "add", `198.18.0.${last}/32`, "dev", link]);
    }
  } finally {
    await exec(["ip", "link", "del", link]);
  }
}

/** Passes connections on; one of them, when asked for, is kept waiting until it has failed. */
class SlowDoor implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #served: Promise<void>;
  #arrived: (() => void) | undefined;

  constructor(target: number) {
    this.#served = this.#serve(target);
  }

  get ingress(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Resolves when the next connection has arrived; it is never answered. */
  holdNext(): Promise<void> {
    return new Promise((resolve) => this.#arrived = resolve);
  }

  async #serve(target: number): Promise<void> {
    for await (const from of this.#listener) {
      const arrived = this.#arrived;
      if (arrived !== undefined) {
        this.#arrived = undefined;
        arrived();
        void from.readable.pipeTo(new WritableStream()).catch(() => {});
        continue;
      }
      const to = await Deno.connect({ hostname: "127.0.0.1", port: target });
      void from.readable.pipeTo(to.writable).catch(() => {});
      void to.readable.pipeTo(from.writable).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#served;
  }
}

/** Does something in a page while a connection that this needs is being made and the host's addresses change. */
async function underChange(
  act: (page: Page, hold: () => void) => Promise<void>,
  asked: string[],
): Promise<void> {
  await using site = await httpsSite(["app.ci.test"], (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { "content-type": "text/html", connection: "close" });
    const image = request.url === "/pictures" ? '<img src="/picture.svg">' : "";
    response.end(
      `<title>${request.url}</title><form action="/sent" method="post"><button>Go</button></form>${image}`,
    );
  });
  await using door = new SlowDoor(site.port);
  await using browser = await openBrowser({ ingress: door.ingress, ca: site.ca, domains: ["app.ci.test"] });
  await using page = await browser.page();
  let change: Promise<void> = Promise.resolve();
  await act(page, () => change = door.holdNext().then(changeAddresses));
  await change;
  assert.deepEqual(page.failedRequests, []);
  assert.deepEqual(page.consoleErrors, []);
}

const scenes: [name: string, asked: string[], act: (page: Page, hold: () => void) => Promise<void>][] = [
  ["a page is opened", ["GET /"], async (page, hold) => {
    hold();
    assert.equal((await page.goto(`${url}/`)).status, 200);
  }],
  ["a form is sent", ["GET /", "POST /sent"], async (page, hold) => {
    await page.goto(`${url}/`);
    hold();
    await page.click("button");
    assert.equal(await page.title(), "/sent");
  }],
];

for (const [name, expected, act] of scenes) {
  Deno.test({
    name: `${name} although the host's addresses change while its connection is made${skipped}`,
    ignore,
    // Connections that were let hang end with the browser, whenever that is.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const asked: string[] = [];
      await underChange(act, asked);
      const pages = asked.filter((one) => !one.endsWith("favicon.ico"));
      // Addresses go on changing after the first loss, so that a page may have to be asked for again.
      assert.deepEqual([...new Set(pages)], expected, "nothing else");
      const posts = (list: string[]) => list.filter((one) => one.startsWith("POST")).length;
      assert.equal(posts(pages), posts(expected), "what changes something is sent once");
    },
  });
}

Deno.test({
  name: `a page that is on its way arrives although the host's addresses change${skipped}`,
  ignore,
  async fn() {
    let asked: (value?: unknown) => void = () => {};
    let answer: (value?: unknown) => void = () => {};
    const wasAsked = new Promise((resolve) => asked = resolve);
    const mayAnswer = new Promise((resolve) => answer = resolve);
    await using certified = await httpsSite(["app.ci.test"], () => {});
    const { ca, folder } = certified;
    // Deno's own server offers HTTP/2, as Traefik does.
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: await Deno.readTextFile(`${folder}/cert.pem`),
      key: await Deno.readTextFile(`${folder}/key.pem`),
      onListen() {},
    }, async () => {
      asked();
      await mayAnswer;
      return new Response("<h1>here</h1>", { headers: { "content-type": "text/html" } });
    });
    const ingress = `127.0.0.1:${server.addr.port}`;
    await using browser = await openBrowser({ ingress, ca, domains: ["app.ci.test"] });
    await using page = await browser.page();
    const opening = page.goto(`${url}/slow`);
    await wasAsked;
    try {
      await changeAddresses();
      answer();
      assert.equal((await opening).status, 200);
    } finally {
      answer();
      await opening.catch(() => {});
    }
  },
});

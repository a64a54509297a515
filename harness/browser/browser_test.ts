import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { exec, execOk } from "../../common/exec.ts";
import { type Browser, BrowserError, openBrowser } from "./browser.ts";
import { chromium } from "./chromium.ts";
import { waitFor } from "../../common/time.ts";
import { killFamily } from "../run/process_tree.ts";
import { RunFolder } from "../run/folder.ts";
import { type HttpsSite, httpsSite, missingForBrowser } from "../testing/https_site.ts";

/** Why the browser cannot be tried here, if so. */
const missing = await missingForBrowser();
const ignore = missing !== undefined;
const skipped = missing === undefined ? "" : ` (skipped: ${missing} is not installed)`;

const pages: Record<string, [status: number, type: string, body: string]> = {
  "/": [
    200,
    "text/html",
    `<!doctype html><title>Sign in</title><h1>Hello</h1>
<form action="/in" method="get"><input name="user" value="old"><select name="s"><option>a<option>b</select>
<button id="go">Go</button></form>
<button id="later" onclick="setTimeout(() => document.body.append('arrived'), 50)">later</button>
<p style="display:none">hidden text</p>
<script>console.error("first problem"); setTimeout(() => { throw new Error("second problem") })</script>
<script>alert("stop")</script>
<img src="/missing.png"><img src="https://other.test/x.png"><img src="https://INGRESS/direct.png">`,
  ],
  "/in": [200, "text/html", "<title>Inside</title><h1>Welcome</h1>"],
  "/strict": [200, "text/html", "<title>Strict</title><p>guarded</p>"],
  "/long": [
    200,
    "text/html",
    "<body><script>document.body.innerText = 'x'.repeat(1_500_000); document.title = document.body.innerText</script>",
  ],
  "/file": [200, "text/html", '<a id="f" href="file:///etc/hostname">file</a>'],
  "/unsaved": [
    200,
    "text/html",
    "<title>Unsaved</title><input><script>onbeforeunload = (event) => event.preventDefault()</script>",
  ],
  "/parts": [
    200,
    "text/html",
    `<title>Parts</title><p id="plain"></p><a href="/stream">on</a><script>
document.querySelector("p").attachShadow({ mode: "open" }).innerHTML = "<b>In the shadow</b>"</script>`,
  ],
  "/stream": [200, "text/html", '<title>Stream</title><h1>Shown</h1><img src="/never">'],
  "/greedy": [
    200,
    "text/html",
    "<title>Greedy</title><p>takes</p><script>const all = []; setInterval(() => all.push(new Uint8Array(3e7).fill(7)), 50)</script>",
  ],
  "/asks": [
    200,
    "text/html",
    `<title>Asks</title><h1>Asks</h1><button onclick="window.open('/popup')">a window</button>
<a onclick="window.open('').alert('at once'); document.body.append('went on')">another</a>
<p id="agent"></p><script>agent.textContent = navigator.userAgent</script>`,
  ],
  "/popup": [
    200,
    "text/html",
    `<title>Popup</title><script>
confirm("Sure?"); alert("Well then"); opener.document.body.append("asked twice")
</script>`,
  ],
  "/gone": [410, "text/html", "gone"],
  "/restless": [
    200,
    "text/html",
    "<title>Restless</title><h1>Here</h1><script>setTimeout(() => location.reload(), 20)</script>",
  ],
};

/** Asks a STUN server at this port of the loopback for its address, and says when it has given up. */
const talksUdp = (port: number) =>
  `<!doctype html><title>Talks</title><p>trying</p><script>
const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:${port}" }] });
peer.createDataChannel("x");
peer.onicegatheringstatechange = () => {
  if (peer.iceGatheringState === "complete") document.body.append(" gathered");
};
peer.createOffer().then((offer) => peer.setLocalDescription(offer));
</script>`;

interface Site extends HttpsSite {
  /** Host and path of every request. */
  seen: string[];
  /** Headers of the latest request, by path. */
  headers: Map<string, IncomingHttpHeaders>;
}

/** An HTTPS server for app.ci.test. */
async function site(): Promise<Site> {
  const seen: string[] = [];
  const headersOf = new Map<string, IncomingHttpHeaders>();
  const server = await httpsSite(["app.ci.test", "two.ci.test"], (request, response) => {
    const url = new URL(request.url ?? "/", "https://x");
    seen.push(`${request.headers.host}${request.url}`);
    headersOf.set(url.pathname, request.headers);
    if (url.pathname === "/never") return;
    const [status, type, body] = pages[url.pathname] ?? [404, "text/plain", "not found"];
    const headers: Record<string, string> = { "content-type": type };
    if (url.pathname === "/strict") headers["content-security-policy"] = "default-src 'self'";
    const direct = `127.0.0.1:${request.socket.localPort}`;
    response.writeHead(status, headers).end(body.replace("INGRESS", direct));
  });
  return Object.assign(server, { seen, headers: headersOf });
}

const url = "https://app.ci.test";

Deno.test({
  name: `a browser opens the app through the ingress, works its page and leaves nothing behind${skipped}`,
  ignore,
  async fn(t) {
    await using server = await site();
    const { ingress, ca, folder: tmp, seen, headers } = server;
    let kept: Browser | undefined;
    {
      await using browser = await openBrowser({
        ingress,
        ca,
        domains: ["app.ci.test", "three.ci.test"],
        partsMs: 2_000,
      });
      kept = browser;
      assert.match(browser.version, /Chrom/);
      await using page = await browser.page();

      await t.step("the certificate is verified, Host is the app's, and the page is there", async () => {
        assert.deepEqual(await page.goto(`${url}/`), { status: 200, url: `${url}/` });
        assert.equal(await page.title(), "Sign in");
        assert.equal(await page.text("h1"), "Hello");
        assert.ok(seen.includes("app.ci.test/"));
      });
      await t.step("text is what a person sees", async () => {
        const text = await page.text();
        assert.ok(text.includes("Hello") && !text.includes("hidden text"), text);
      });
      await t.step("errors of the page are remembered", () => {
        const errors = page.consoleErrors.join("\n");
        assert.match(errors, /first problem/);
        assert.match(errors, /second problem/);
        assert.ok(
          page.failedRequests.some(({ url, status }) => url.endsWith("/missing.png") && status === 404),
        );
      });
      await t.step("nothing but the run's domains can be reached", async () => {
        for (const address of ["https://other.test/x.png", `https://${ingress}/direct.png`]) {
          const failed = page.failedRequests.find(({ url }) => url === address);
          assert.equal(
            failed?.reason,
            "the address is no domain of this run",
            JSON.stringify(page.failedRequests),
          );
        }
        for (
          const other of [
            "https://two.ci.test/",
            "file:///etc/hostname",
            "chrome://version",
            "data:text/html,x",
          ]
        ) {
          await assert.rejects(
            page.goto(other),
            (error) => error instanceof BrowserError && error.code === "browser.domain",
          );
        }
      });
      await t.step("waits for text that comes later", async () => {
        await page.click("#later");
        await page.waitFor({ text: "arrived" });
      });
      await t.step("says what it did not find", async () => {
        await assert.rejects(
          page.waitFor({ text: "never" }, { timeoutMs: 50 }),
          /Could not find the text "never" on https:\/\/app\.ci\.test\//,
        );
        await assert.rejects(page.click("#no", { timeoutMs: 50 }), /Could not click "#no"/);
        await assert.rejects(page.fill("#no", "x", { timeoutMs: 50 }), /Could not fill "#no"/);
      });
      await t.step("fills in a form and follows where it leads", async () => {
        await page.fill("input[name=user]", "ann");
        await page.fill("select", "b");
        await page.click("#go");
        assert.equal(await page.title(), "Inside");
        assert.equal(page.url(), `${url}/in?user=ann&s=b`);
      });
      await t.step("a page behind another one is worked as well", async () => {
        await using other = await browser.page();
        await page.goto(`${url}/`);
        await other.goto(`${url}/`);
        await other.screenshot(join(tmp, "front.png"));
        await page.fill("input[name=user]", "joe");
        await page.fill("select", "a");
        await assert.rejects(page.fill("#go", "x", { timeoutMs: 50 }), /Could not fill "#go"/);
        await page.click("#go");
        assert.equal(page.url(), `${url}/in?user=joe&s=a`);
      });
      await t.step("works under a strict content security policy", async () => {
        await page.goto(`${url}/strict`);
        await page.waitFor({ text: "guarded" });
      });
      await t.step("a page cannot lead it to a file", async () => {
        await page.goto(`${url}/file`);
        await page.click("#f");
        assert.equal(page.url(), `${url}/file`);
      });
      await t.step("the status is the app's own", async () => {
        assert.equal((await page.goto(`${url}/gone`)).status, 410);
      });
      await t.step("the status of a page that is there stays when only its hash changes", async () => {
        assert.deepEqual(await page.goto(`${url}/gone#later`), { status: 410, url: `${url}/gone#later` });
      });
      await t.step("a page that asks whether it may be left is left", async () => {
        await page.goto(`${url}/unsaved`);
        await page.click("input"); // a page may only ask once somebody has touched it
        assert.equal((await page.goto(`${url}/parts`)).status, 200);
        assert.equal(await page.title(), "Parts");
      });
      await t.step("windows that a click opens get answers to what they ask", async () => {
        await using other = await browser.page();
        await other.goto(`${url}/asks`);
        await other.click("button");
        await other.waitFor({ text: "asked twice" });
        await other.goto(`${url}/asks`);
        await other.click("a");
        await other.waitFor({ text: "went on" });
        assert.match(await other.text("#agent"), /\) Chrome\/\d/);
      });
      await t.step(
        "pages and windows are asked for as a visitor does, and not as a browser without a window",
        () => {
          for (const path of ["/asks", "/popup"]) {
            const { "user-agent": agent = "", "sec-ch-ua": brands = "", "accept-language": languages } =
              headers.get(path) ?? {};
            assert.match(agent, /\) Chrome\/\d/);
            assert.doesNotMatch(`${agent} ${brands}`, /headless/i);
            assert.match(languages ?? "", /^en-US/);
          }
        },
      );
      await t.step("an element's shadow root is read with it", async () => {
        assert.equal(await page.text("#plain"), "In the shadow");
        await page.waitFor({ text: "In the shadow" });
      });
      await t.step("a click leads to a page although a picture there never comes", async () => {
        await page.click("a");
        assert.equal(await page.title(), "Stream");
        assert.equal(await page.text("h1"), "Shown");
      });
      await t.step("a page can send no datagram past the ingress", async () => {
        const socket = createSocket("udp4");
        let datagrams = 0;
        const arrived = Promise.withResolvers<void>();
        socket.on("message", () => {
          datagrams++;
          arrived.resolve();
        });
        await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
        try {
          pages["/udp"] = [200, "text/html", talksUdp(socket.address().port)];
          await using other = await browser.page();
          await other.goto(`${url}/udp`);
          const gathered = other.waitFor({ text: "gathered" });
          gathered.catch(() => {}); // where a datagram arrives, the page waits for an answer to it
          await Promise.race([gathered, arrived.promise]);
          assert.equal(datagrams, 0);
        } finally {
          socket.close();
        }
      });
      await t.step("of a long text and title the beginning is read", async () => {
        await using other = await browser.page();
        await other.goto(`${url}/long`);
        assert.equal((await other.text()).length, 1_000_000);
        assert.equal((await other.text("body")).length, 1_000_000);
        assert.equal((await other.title()).length, 10_000);
      });
      await t.step("a page that goes elsewhere by itself can be read all the same", async () => {
        await using other = await browser.page();
        await other.goto(`${url}/restless`);
        for (let reads = 0; reads < 60; reads++) { // empty before the new page's head is there
          assert.match(await other.text(), /^(Here)?$/);
          assert.match(await other.title(), /^(Restless)?$/);
        }
      });
      await t.step("says that the ingress does not know a name", async () => {
        await using other = await browser.page();
        await assert.rejects(other.goto("https://three.ci.test/"), /its certificate is for another name/);
      });
      await t.step("takes a screenshot", async () => {
        const file = join(tmp, "shot.png");
        await page.screenshot(file);
        assert.deepEqual([...(await Deno.readFile(file)).slice(1, 4)], [...new TextEncoder().encode("PNG")]);
      });
    }
    await t.step("processes and files are gone", async () => {
      await assert.rejects(Deno.stat(kept.folder), Deno.errors.NotFound);
      const left = await exec(["pgrep", "-f", kept.folder]);
      assert.equal(left.stdout, "");
    });
  },
});

Deno.test({
  name: `a CA that nobody vouched for is not trusted${skipped}`,
  ignore,
  async fn() {
    await using server = await site();
    const { ingress } = server;
    await using browser = await openBrowser({ ingress, domains: ["app.ci.test"] });
    await using page = await browser.page();
    await assert.rejects(
      page.goto(`${url}/`),
      /Could not open .*: its certificate is signed by a CA that is not trusted/,
    );
  },
});

Deno.test({
  name: `a page that takes more and more memory is ended, and the browser goes on${skipped}`,
  ignore,
  async fn() {
    await using server = await site();
    const { ingress, ca } = server;
    const memory = { process: 500, all: 4096 };
    await using browser = await openBrowser({ ingress, ca, domains: ["app.ci.test"], memory });
    {
      await using page = await browser.page();
      await page.goto(`${url}/greedy`);
      const trouble = await waitFor(() => page.title().then(() => undefined, (error: Error) => error), {
        what: "the page to be ended",
        timeoutMs: 50_000,
      });
      assert.ok(trouble instanceof BrowserError, String(trouble));
      assert.match(page.consoleErrors.join(), /more memory than a page may have/);
    }
    await using page = await browser.page();
    await page.goto(`${url}/in`);
    assert.equal(await page.title(), "Inside");
  },
});

/** A run of this test alone: another test at the same time, or one that died, has nothing of it. */
function ownRun(): string {
  return `${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}-1`;
}

/** A program in Chromium's place that notes how it is started, and fails. */
async function failingBrowser() {
  const folder = await Deno.makeTempDir({ dir: "/tmp" });
  await Deno.chmod(folder, 0o777);
  const path = join(folder, "chromium");
  await Deno.writeTextFile(path, `#!/bin/sh\necho "$*" >> ${folder}/starts\nexit 1\n`, { mode: 0o755 });
  return {
    path,
    starts: async () => (await Deno.readTextFile(join(folder, "starts"))).trim().split("\n"),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("the headless shell is taken where it is installed, and Chromium where it is not", async () => {
  const folder = await Deno.makeTempDir();
  const started = async () => (await execOk([...chromium, "about:blank"], { env: { PATH: folder } })).stdout;
  const install = (name: string) =>
    Deno.writeTextFile(join(folder, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
  try {
    await install("chromium");
    assert.equal(await started(), "chromium about:blank\n");
    await install("chromium-headless-shell");
    assert.equal(await started(), "chromium-headless-shell about:blank\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const namespaces of [true, false]) {
  Deno.test(
    `Chromium's sandbox is ${
      namespaces ? "kept, also after a start that failed," : "left out"
    } where the kernel ${namespaces ? "gives" : "refuses"} namespaces`,
    { ignore },
    async () => {
      await using failing = await failingBrowser();
      const options = { ingress: "127.0.0.1:1", domains: [], namespaces: () => Promise.resolve(namespaces) };
      await assert.rejects(
        openBrowser({ ...options, executable: failing.path }),
        (error) => error instanceof BrowserError && error.code === "browser.start",
      );
      const starts = await failing.starts();
      assert.equal(starts.length, 1);
      assert.equal(starts[0]?.includes("--no-sandbox"), !namespaces);
    },
  );
}

Deno.test("what the kernel says about namespaces is what Chromium finds", { ignore }, async () => {
  await using browser = await openBrowser({ ingress: "127.0.0.1:1", domains: [], family: ownRun() });
  const sandboxed = await Promise.resolve(browser.sandbox);
  if (sandboxed) return await browser.page().then((page) => page[Symbol.asyncDispose]());
  const options = { ingress: "127.0.0.1:1", domains: [], namespaces: () => Promise.resolve(true) };
  await assert.rejects(openBrowser(options), /Could not start Chromium/);
});

Deno.test("a browser that is not installed is said so, and nothing stays behind", {
  ignore,
}, async () => {
  const family = ownRun();
  await assert.rejects(
    openBrowser({ ingress: "127.0.0.1:1", domains: [], executable: "/nowhere/chromium", family }),
    (error) => error instanceof BrowserError && error.code === "browser.missing",
  );
  assert.deepEqual(await foldersOf(family), []);
});

Deno.test(
  "a browser's folder is found by its run, when nobody else could remove it",
  { ignore },
  async () => {
    const runs = await Deno.makeTempDir();
    // Handed over, not set as this process' own mark: with that, whatever other tests start would be killed as well.
    const family = ownRun();
    try {
      await using browser = await openBrowser({ ingress: "127.0.0.1:1", domains: [], family });
      await browser.page(); // puppeteer goes on waiting for a page that was being opened when its browser died
      assert.equal((await foldersOf(family)).length, 1);
      await killFamily(family, null);
      await new RunFolder(join(runs, `${family}1`)).removeScratch(); // another run's name
      assert.equal((await foldersOf(family)).length, 1);
      await new RunFolder(join(runs, family)).removeScratch();
      assert.deepEqual(await foldersOf(family), []);
    } finally {
      await Deno.remove(runs, { recursive: true });
    }
  },
);

async function foldersOf(run: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir("/tmp"))).map(({ name }) => name);
  return names.filter((name) => name.includes(`-${run}.`));
}

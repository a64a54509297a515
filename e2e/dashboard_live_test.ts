import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { announcementOf, eventsOf, type Told } from "../dashboard/testing/story.ts";
import { waitFor } from "../common/time.ts";
import { Site } from "./dashboard_site.ts";
import { onRealServices } from "./scene.ts";

const log = Array.from({ length: 30 }, (_, at) => `line ${at + 1} of thirty`);
const told: Told = { run: "alive001-1", recipe: "ghost", stages: [{ name: "install", log }] };
/** Events before the first line of log. */
const BEFORE = 3;
const patience = { timeout: 120_000 };

/** A run that goes on, and a browser that watches it. */
class Watched implements AsyncDisposable {
  readonly site: Site;
  readonly page: Page;
  readonly #events: unknown[];
  #sent = 0;

  private constructor(site: Site, page: Page) {
    this.site = site;
    this.page = page;
    this.#events = eventsOf(told, () => site.dashboard.clock.iso(), () => {});
  }

  static async begun(): Promise<Watched> {
    const site = await Site.open();
    await site.dashboard.announce(told.run, announcementOf(told));
    const watched = new Watched(site, await site.page());
    await watched.send(5);
    await site.visit(watched.page, `/runs/${told.run}`);
    await watched.see(5);
    await watched.send(10);
    await watched.see(10);
    return watched;
  }

  /** The harness sends all up to that line. */
  async send(line: number): Promise<void> {
    await this.#say(BEFORE + line);
  }

  /** The harness sends the rest, the result too. */
  async end(): Promise<void> {
    await this.#say(this.#events.length);
  }

  async #say(until: number): Promise<void> {
    const events = this.#events.slice(this.#sent, until);
    const answer = await this.site.dashboard.events(told.run, { offset: this.#sent, events });
    assert.ok(answer.ok, await answer.text());
    this.#sent = until;
  }

  /** Waits for that many lines, and finds every one there once. */
  async see(count: number): Promise<void> {
    // Both are read at once: the page is loaded anew when the run ends, which may happen between two reads.
    const look = `(() => {
      const lines = [...document.querySelectorAll("#content .line span:first-of-type")];
      return lines.length >= ${count} && JSON.stringify(lines.map((one) => one.textContent));
    })()`;
    const seen = await this.page.waitForFunction(look, patience);
    assert.deepEqual(JSON.parse(String(await seen.jsonValue())), log.slice(0, count));
  }

  async seeVerdict(): Promise<void> {
    await this.page.waitForFunction(`document.querySelector("h1").textContent.includes("Passed")`, patience);
    await this.see(log.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
  }
}

function isStream(request: Request): boolean {
  return new URL(request.url).pathname === `/runs/${told.run}/log`;
}

onRealServices(
  "a live log goes on after the connection was lost, every line once, and ends with the verdict",
  async () => {
    await using watched = await Watched.begun();
    await watched.site.cut();
    await watched.send(log.length);
    await watched.see(log.length);
    await watched.end();
    await watched.seeVerdict();
  },
);

onRealServices("a line that was added looks as it does on a page that had it", async () => {
  await using watched = await Watched.begun();
  const { page } = watched;
  const markup = () =>
    page.$$eval("#content .lines .line", (lines) => lines.map((line) => line.outerHTML).join("\n"));
  const added = await markup();
  await watched.site.visit(page, new URL(page.url()).pathname);
  await watched.see(10);
  assert.equal(added, await markup());
});

onRealServices("a run that ends while the connection is lost shows the rest and the verdict", async () => {
  await using watched = await Watched.begun();
  await watched.site.cut(() => watched.end());
  await watched.seeVerdict();
});

onRealServices("a live log goes on after a proxy had nothing but errors to say for a while", async () => {
  await using watched = await Watched.begun();
  let refused = 0;
  watched.site.gate = (request) => {
    if (isStream(request)) refused++;
    return new Response("Bad gateway", { status: 502 });
  };
  await watched.site.cut();
  await waitFor(() => refused >= 2, { what: "the browser to ask again and again", timeoutMs: 120_000 });
  await watched.send(20);
  watched.site.gate = null;
  await watched.see(20);
  await watched.end();
  await watched.seeVerdict();
});

onRealServices("a run that ends while a proxy has nothing but errors to say shows its verdict", async () => {
  await using watched = await Watched.begun();
  let refused = 0;
  watched.site.gate = (request) => {
    if (isStream(request)) refused++;
    return new Response("Bad gateway", { status: 502 });
  };
  await watched.site.cut(() => watched.end());
  await waitFor(() => refused >= 1, { what: "the browser to ask again", timeoutMs: 120_000 });
  // The stream comes back before the pages do.
  let held = 0;
  watched.site.gate = (request) => {
    if (isStream(request)) return null;
    held++;
    return new Response("Bad gateway", { status: 502 });
  };
  await waitFor(() => held >= 1, { what: "the browser to ask for the page", timeoutMs: 120_000 });
  watched.site.gate = null;
  await watched.seeVerdict();
});

onRealServices("a live log goes on after too many watched", async () => {
  await using watched = await Watched.begun();
  const { dashboard } = watched.site;
  const crowd: Response[] = [];
  await watched.site.cut(async () => {
    while (true) {
      const one = await dashboard.get(`/runs/${told.run}/log`);
      if (!one.ok) break;
      crowd.push(one);
    }
  });
  let refused = 0;
  const { app } = dashboard;
  const { fetch } = app;
  app.fetch = async (request, ...more) => {
    const answer = await fetch(request, ...more);
    if (answer.status === 503) refused++;
    return answer;
  };
  await waitFor(() => refused >= 1, { what: "the browser to be turned away", timeoutMs: 120_000 });
  for (const one of crowd) await one.body?.cancel();
  await watched.send(20);
  await watched.see(20);
  await watched.end();
  await watched.seeVerdict();
});

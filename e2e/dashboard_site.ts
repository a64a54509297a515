import type { Browser, HTTPRequest, Page } from "puppeteer-core";
import { TestDashboard } from "../dashboard/testing/dashboard.ts";
import { FakeClock } from "../common/testing/fake_clock.ts";
import { fillWithSample } from "../dashboard/testing/sample.ts";
import { waitFor } from "../common/time.ts";
import { openBrowser, PATIENCE_MS } from "./browser.ts";

/** How often a page is opened whose load the host's changing network disturbs each time. */
const TRIES = 20;

/** The dashboard on loopback with made-up runs, and a browser to look at it. */
export class Site implements AsyncDisposable {
  readonly dashboard: TestDashboard;
  readonly browser: Browser;
  readonly url: string;
  /** Answers in place of the dashboard while it is set, as a proxy in front of it does. */
  gate: ((request: Request) => Response | null) | null = null;
  #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(dashboard: TestDashboard, browser: Browser) {
    this.dashboard = dashboard;
    this.browser = browser;
    this.#server = this.#serve(0);
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** @param options `empty`: as it is before anything was ever told; `at`: what time it is there */
  static async open(options: { empty?: boolean; at?: string } = {}): Promise<Site> {
    const dashboard = new TestDashboard({ clock: new FakeClock(options.at ?? Date.now()) });
    if (!options.empty) await fillWithSample(dashboard);
    return new Site(dashboard, await openBrowser());
  }

  /**
   * Opens a path in a page, and opens it again when a container elsewhere on this machine came or went meanwhile: the
   * host's addresses change then, and Chromium drops what it is connecting to.
   */
  async visit(page: Page, path: string): Promise<void> {
    for (let tries = 1;; tries++) {
      let lost: string | undefined;
      const listen = (request: HTTPRequest) => {
        const text = request.failure()?.errorText ?? "";
        if (text.includes("ERR_NETWORK_CHANGED")) lost = request.url();
      };
      page.on("requestfailed", listen);
      try {
        await page.goto(this.url + path, { waitUntil: "load" });
      } catch (error) {
        if (lost === undefined) throw error;
      } finally {
        page.off("requestfailed", listen);
      }
      if (lost === undefined) return;
      if (tries === TRIES) throw new Error(`The network changed ${tries} times while ${lost} was loading`);
    }
  }

  /** A page of its own window, without anything other pages left behind. */
  async page(
    look: { width?: number; dark?: boolean; scripts?: boolean; touch?: boolean } = {},
  ): Promise<Page> {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await this.look(page, look);
    await page.setJavaScriptEnabled(look.scripts ?? true);
    return page;
  }

  /** Shows a page, which may be open already, on another screen. */
  async look(
    page: Page,
    { width = 1440, dark = false, touch = false }: { width?: number; dark?: boolean; touch?: boolean },
  ): Promise<void> {
    await page.setViewport({ width, height: 900, hasTouch: touch, isMobile: touch });
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
  }

  /** Cuts every connection, as a restart of the dashboard does. @param meanwhile is done while nobody answers */
  async cut(meanwhile = () => Promise.resolve()): Promise<void> {
    const { port } = this.#server.addr;
    this.dashboard.deps.hub[Symbol.dispose]();
    await this.#server.shutdown();
    this.dashboard.restart();
    await meanwhile();
    this.#server = await waitFor(() => {
      try {
        return this.#serve(port);
      } catch {
        return undefined;
      }
    }, { what: "the port to be free", timeoutMs: PATIENCE_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    this.dashboard.deps.hub[Symbol.dispose]();
    await this.#server.shutdown();
    await this.dashboard[Symbol.asyncDispose]();
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen() {} },
      (request) => this.gate?.(request) ?? this.dashboard.app.fetch(request),
    );
  }
}

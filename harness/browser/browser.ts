import puppeteer, { type Browser as Puppeteer, type BrowserContext, type Page as Tab } from "puppeteer-core";
import { BrowserError, type BrowserOptions, type WatchedBrowser, type WatchedPage } from "./types.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { answerDialogs, visitorOf } from "./dialogs.ts";
import { RunPage } from "./page.ts";
import { noteTimers } from "./page_leaving.ts";
import { PARTS_MS } from "./page_arrival.ts";

export { type Browser, BrowserError, type Page, type WatchedBrowser } from "./types.ts";

const CLOSE_MS = 2_000;

/**
 * Starts a browser for one run.
 * @throws {BrowserError} `browser.missing`, `browser.start`
 */
export async function openBrowser(options: BrowserOptions): Promise<WatchedBrowser> {
  const chromium = await startChromium(options);
  try {
    const connection = await puppeteer.connect({
      browserWSEndpoint: chromium.endpoint,
      defaultViewport: { width: 1280, height: 800 },
      protocolTimeout: options.answerMs ?? 60_000,
    });
    const [version, userAgent] = await Promise.all([connection.version(), connection.userAgent()]);
    await answerDialogs(connection, visitorOf({ product: version, userAgent }));
    return new RunBrowser(chromium, {
      connection,
      version,
      domains: options.domains,
      partsMs: options.partsMs ?? PARTS_MS,
    });
  } catch (cause) {
    await chromium.stop();
    throw new BrowserError("browser.start", "Could not talk to Chromium", { cause });
  }
}

/** A page in a context of its own. */
interface OpenTab {
  context: BrowserContext;
  tab: Tab;
}

class RunBrowser implements WatchedBrowser {
  readonly version: string;
  readonly sandbox: boolean;
  readonly folder: string;
  readonly #chromium: Chromium;
  readonly #connection: Puppeteer;
  readonly #domains: readonly string[];
  readonly #partsMs: number;
  /** An empty page that is kept ready, because its process takes longer to start than most pages take to load. */
  #spare: Promise<OpenTab> | null = null;
  #closed: Promise<void> | undefined;

  constructor(
    chromium: Chromium,
    options: { connection: Puppeteer; version: string; domains: readonly string[]; partsMs: number },
  ) {
    this.#chromium = chromium;
    this.#connection = options.connection;
    this.#domains = options.domains;
    this.#partsMs = options.partsMs;
    this.version = options.version;
    this.sandbox = chromium.sandbox;
    this.folder = chromium.folder;
    this.#keepSpare();
  }

  async page(): Promise<WatchedPage> {
    const spare = this.#spare;
    this.#spare = null;
    const { context, tab } = await spare?.catch(() => null) ?? await this.#openTab();
    const close = async () => {
      await context.close();
      this.#keepSpare();
    };
    return new RunPage(tab, { domains: this.#domains, partsMs: this.#partsMs, close });
  }

  async #openTab(): Promise<OpenTab> {
    const context = await this.#connection.createBrowserContext({ downloadBehavior: { policy: "deny" } });
    const tab = await context.newPage();
    await tab.evaluateOnNewDocument(noteTimers);
    return { context, tab };
  }

  #keepSpare(): void {
    if (this.#closed !== undefined) return;
    this.#spare ??= this.#openTab();
    this.#spare.catch(() => {}); // page() opens another one if this failed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Asks Chromium to close, so that it can end its helpers, and then kills what is left of its process group. */
  async #close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
    await Promise.race([this.#connection.close().catch(() => {}), late]);
    clearTimeout(timer);
    await this.#connection.disconnect().catch(() => {});
    await this.#chromium.stop();
  }
}

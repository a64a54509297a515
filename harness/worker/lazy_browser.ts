import type { WatchedBrowser } from "../browser/browser.ts";
import { browserFor } from "../checks/open_browser.ts";
import type { Settings } from "../run/settings.ts";

/** One Chromium for the whole run, started when it is first asked for. */
export class LazyBrowser implements AsyncDisposable {
  version = "none";
  /** Whether Chromium has its own sandbox; null while it has not been started. */
  sandbox: boolean | null = null;
  #settings: Settings;
  #browser: Promise<WatchedBrowser> | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @param domains of all that the run deploys */
  get(domains: readonly string[]): Promise<WatchedBrowser> {
    this.#browser ??= this.#open(domains);
    return this.#browser;
  }

  async #open(domains: readonly string[]): Promise<WatchedBrowser> {
    const browser = await browserFor(domains, { settings: this.#settings });
    this.version = browser.version;
    this.sandbox = browser.sandbox;
    return browser;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const browser = await this.#browser?.catch(() => null);
    await browser?.[Symbol.asyncDispose]();
  }
}

import { httpAddress } from "../../common/ingress.ts";
import { domainsOf } from "../app/settings.ts";
import type { WatchedBrowser } from "../browser/browser.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
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

  /** @param apps domains of the run's apps; the enrolment names further domains at which they answer */
  get(apps: readonly string[], enrolment: Enrolment): Promise<WatchedBrowser> {
    this.#browser ??= this.#open(apps.flatMap((domain) => domainsOf(domain, enrolment)));
    return this.#browser;
  }

  async #open(domains: string[]): Promise<WatchedBrowser> {
    const settings = this.#settings;
    const { openBrowser } = await import("../browser/browser.ts"); // large, and not needed before a deploy
    const browser = await openBrowser({
      ingress: settings.INGRESS,
      ingressHttp: httpAddress(settings),
      ...(settings.CA_FILE === undefined ? {} : { ca: settings.CA_FILE }),
      domains,
    });
    this.version = browser.version;
    this.sandbox = browser.sandbox;
    return browser;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const browser = await this.#browser?.catch(() => null);
    await browser?.[Symbol.asyncDispose]();
  }
}

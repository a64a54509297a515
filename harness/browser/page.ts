import type { ElementHandle, Page as PuppeteerPage } from "puppeteer-core";
import { systemClock, waitFor, WaitTimeout } from "../../common/time.ts";
import { writeAtomically } from "../../common/files.ts";
import { actionError, clickAndFollow, fillIn, LOAD_MS, reading, steadily, visible } from "./page_actions.ts";
import { arrival } from "./page_arrival.ts";
import { leavingMs } from "./page_leaving.ts";
import { readDocument } from "./page_document.ts";
import { isShown, MAX_TEXT, shownText, visibleText } from "./page_text.ts";
import { networkChanged, PageTroubles, plainReason } from "./page_troubles.ts";
import { type Answer, BrowserError, type FailedRequest, type Shown, type WatchedPage } from "./types.ts";

const ACTION_MS = 30_000;
/** Characters of a title, and bytes of a picture, that are taken. */
const MAX_TITLE = 10_000;
const MAX_PICTURE = 32_000_000;
/**
 * Milliseconds between two looks for something on a page. This process asks the page each time; the page cannot watch
 * itself frame by frame, because it draws no frames while nobody looks at it.
 */
const LOOK_MS = 100;
/** Milliseconds for which a page that keeps the network busy (polling, live updates) is waited for after its load. */
const QUIET_MS = 3_000;
/**
 * While the host's network goes on changing, a page is loaded again until both limits are reached: so many tries, and
 * so many milliseconds. A busy machine takes long to start many containers.
 */
const MIN_TRIES = 10;
const CHANGING_MS = 60_000;

/** Milliseconds within which a page does what its timers have put off for ten seconds at most. */
const LEAVES_MS = 15_000;

/** A page of puppeteer, with the few verbs that stages and tests need. */
export class RunPage implements WatchedPage {
  readonly #page: PuppeteerPage;
  readonly #domains: readonly string[];
  readonly #partsMs: number;
  readonly #close: () => Promise<void>;
  readonly #troubles: PageTroubles;

  /** @param options.close closes the page with its context */
  constructor(
    page: PuppeteerPage,
    options: { domains: readonly string[]; partsMs: number; close: () => Promise<void> },
  ) {
    this.#page = page;
    this.#domains = options.domains;
    this.#partsMs = options.partsMs;
    this.#close = options.close;
    this.#troubles = new PageTroubles(page);
  }

  get consoleErrors(): readonly string[] {
    return this.#troubles.consoleErrors;
  }

  get failedRequests(): readonly FailedRequest[] {
    return this.#troubles.failedRequests;
  }

  get answers(): readonly Answer[] {
    return this.#troubles.answers;
  }

  url(): string {
    return this.#page.url();
  }

  async shown(): Promise<Shown> {
    const page = this.#page;
    const header = this.answers.findLast((answer) => answer.url === page.url())?.refresh ?? "";
    const { status, empty, blank, refresh } = await reading(() => page.evaluate(readDocument, header));
    const url = page.url();
    const failed = this.#troubles.failedNavigation;
    // Where there was no document before, the empty page of the beginning is still there. A document that broke off
    // before it began is as good as none.
    const none = /^(chrome-error:|about:blank$)/.test(url) || (empty && failed?.name !== "ERR_ABORTED");
    if (failed !== null && none) {
      const answer = this.answers.at(-1);
      const wanted = await unreachable(page) ?? failed.url;
      return {
        url: wanted,
        status: answer?.url === wanted ? answer.status : 0,
        nothing: failed.name,
        refresh: null,
      };
    }
    // Chromium shows a page of its own in place of an error without content, its headless shell shows nothing.
    if (blank && status >= 400) {
      return { url, status, nothing: "ERR_HTTP_RESPONSE_CODE_FAILURE", refresh: null };
    }
    return { url, status, nothing: url.startsWith("chrome-error:") ? "ERR_FAILED" : null, refresh };
  }

  async shows(selector: string): Promise<boolean> {
    const seen = await reading(() => this.#page.evaluate(isShown, selector));
    if (seen !== null) return seen === true;
    throw new BrowserError("browser.selector", `"${selector}" is no CSS selector`);
  }

  async left(): Promise<void> {
    const page = this.#page;
    const ms = () => page.evaluate(leavingMs).catch(() => 0); // a page that is being left answers nothing
    if (await ms() === 0) return;
    const click = async () => {
      await waitFor(async () => await ms() === 0, { what: "the page's timers", timeoutMs: LEAVES_MS });
    };
    // Where they led, or did not, is what the page shows then.
    await clickAndFollow(page, { selector: "", click, partsMs: this.#partsMs }).catch(() => {});
  }

  async goto(url: string, { timeoutMs = LOAD_MS } = {}): Promise<{ status: number; url: string }> {
    checkUrl(url, this.#domains);
    try {
      const begin = () => this.#page.goto(url, { waitUntil: "load", timeout: timeoutMs });
      await this.#settle(() => arrival(this.#page, { begin, partsMs: this.#partsMs }), { parts: true });
      return { status: (await this.shown()).status, url: this.#page.url() };
    } catch (cause) {
      if (cause instanceof BrowserError) throw cause;
      await this.#quiet(); // redirects on the way may be told only now
      const text = cause instanceof Error ? cause.message : String(cause);
      const code = /timeout/i.test(text) ? "browser.late" : "browser.load";
      throw new BrowserError(code, `Could not open "${url}": ${plainReason(text)}`, { cause });
    }
  }

  async title(): Promise<string> {
    return (await reading(() => this.#page.title())).slice(0, MAX_TITLE);
  }

  async text(selector?: string): Promise<string> {
    if (selector === undefined) return await reading(() => visibleText(this.#page, this.#domains));
    return await steadily(async () => {
      const found = await this.#element(selector, { what: "read", timeoutMs: ACTION_MS });
      return String(await found.evaluate(shownText, MAX_TEXT)).slice(0, MAX_TEXT);
    });
  }

  async fill(selector: string, text: string, { timeoutMs = ACTION_MS } = {}): Promise<void> {
    try {
      await steadily(async () =>
        await fillIn(await this.#element(selector, { what: "fill", timeoutMs }), text)
      );
    } catch (cause) {
      if (cause instanceof BrowserError) throw cause;
      throw actionError("fill", { selector, page: this.#page, cause });
    }
  }

  async click(selector: string, { timeoutMs = ACTION_MS } = {}): Promise<void> {
    const found = await this.#element(selector, { what: "click", timeoutMs });
    // The page is reloaded only if the click's own request was lost before it left. A lost part of the new page is no
    // reason, because a reload could send a form twice.
    await this.#settle(async (tries) => {
      const click = tries === 1 ? () => found.click() : () => this.#page.reload().then(() => {});
      await clickAndFollow(this.#page, { selector, click, partsMs: this.#partsMs });
    }, { parts: false });
  }

  async waitFor(
    what: { selector: string } | { text: string },
    { timeoutMs = ACTION_MS } = {},
  ): Promise<void> {
    if ("selector" in what) {
      await this.#element(what.selector, { what: "find", timeoutMs });
      return;
    }
    const page = this.#page;
    try {
      const shows = async () => (await visibleText(page, this.#domains)).includes(what.text);
      await waitFor(() => shows().catch(() => false), {
        what: `the text "${what.text}"`,
        timeoutMs,
        everyMs: LOOK_MS,
      });
    } catch (cause) {
      if (!(cause instanceof WaitTimeout)) throw cause;
      throw new BrowserError("browser.action", `Could not find the text "${what.text}" on ${page.url()}`, {
        cause,
      });
    }
  }

  async screenshot(path: string, { fullPage = false } = {}): Promise<void> {
    const png = await reading(() => this.#page.screenshot({ type: "png", fullPage }));
    if (png.length > MAX_PICTURE) {
      throw new BrowserError("browser.action", `A screenshot of ${this.#page.url()} is larger than 32 MB`);
    }
    await writeAtomically(path, png); // the courier sends pictures as soon as it sees them
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close().catch(() => {}); // the browser may be gone already
  }

  /**
   * Loads a page, and loads it again as long as a change of the host's network has cost something.
   * @param options.parts whether a lost part of the page is a reason to load again
   */
  async #settle(load: (tries: number) => Promise<void>, { parts }: { parts: boolean }): Promise<void> {
    const troubles = this.#troubles;
    const end = systemClock.elapsed() + CHANGING_MS;
    for (let tries = 1;; tries++) {
      const forget = troubles.beginLoad();
      const enough = () => tries >= MIN_TRIES && systemClock.elapsed() >= end;
      await load(tries).catch((error) => {
        if (enough() || !networkChanged(error)) throw error;
        troubles.lost = "page";
      });
      await this.#quiet();
      if (troubles.lost === "nothing" || (troubles.lost === "part" && !parts) || enough()) return;
      forget();
    }
  }

  async #quiet(): Promise<void> {
    await this.#page.waitForNetworkIdle({ idleTime: 300, concurrency: 2, timeout: QUIET_MS }).catch(() => {});
  }

  async #element(
    selector: string,
    { what, timeoutMs }: { what: string; timeoutMs: number },
  ): Promise<ElementHandle> {
    try {
      return await waitFor(() => steadily(() => visible(this.#page, selector)), {
        what: `"${selector}"`,
        timeoutMs,
        everyMs: LOOK_MS,
      });
    } catch (cause) {
      throw actionError(what, { selector, page: this.#page, cause });
    }
  }
}

/**
 * Where the page wanted to go that shows the browser's own error now; null: it shows something else. The events of its
 * requests may name the address before a redirect.
 */
async function unreachable(page: PuppeteerPage): Promise<string | null> {
  const session = await page.createCDPSession();
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    return frameTree.frame.unreachableUrl ?? null;
  } finally {
    await session.detach();
  }
}

function checkUrl(url: string, domains: readonly string[]): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && domains.includes(parsed.hostname)) return;
  throw new BrowserError(
    "browser.domain",
    `Could not open "${url}": only ${domains.join(", ")} can be reached`,
  );
}

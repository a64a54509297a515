import type { ElementHandle, Page as PuppeteerPage } from "puppeteer-core";
import { systemClock, waitFor, WaitTimeout } from "../../common/time.ts";
import { writeAtomically } from "../../common/files.ts";
import { BrowserError, type FailedRequest, type Page } from "./types.ts";

interface PageOptions {
  domains: readonly string[];
  /** Closes the page with its context. */
  close: () => Promise<void>;
}

const LOAD_MS = 30_000;
const ACTION_MS = 30_000;
/** How often a page is asked whether it shows something. Asked from here: a page draws no frames while nobody looks. */
const LOOK_MS = 100;
/** How long a page that never falls silent (polling, live updates) is waited for after its load. */
const QUIET_MS = 3_000;
/**
 * A navigation may begin this many looks after a click. At each the page is asked something: where the machine is busy
 * its answer is as late as the navigation is.
 */
const NAVIGATION_LOOKS = 10;
const NAVIGATION_LOOK_MS = 25;
/** All looks together: a page that answers nothing is left to whatever comes next. */
const NAVIGATION_STARTS_MS = 5_000;
/**
 * Connections that Chromium is just making fail with this when an address of the host changes, as it does whenever a
 * container starts or stops. No request has been sent on them by then, so that asking again is no second try.
 */
const NETWORK_CHANGED = "ERR_NETWORK_CHANGED";
/** Asked again at least so often and for so long: a busy machine takes its time to start many containers. */
const MIN_TRIES = 10;
const CHANGING_MS = 60_000;
/** A busy machine may read slower than a restless page goes elsewhere, many times in a row. */
const STEADY_MS = 30_000;
const MAX_REMEMBERED = 100;
const MAX_LINE = 500;

/** What people should read instead of Chromium's error names. */
const reasons: Record<string, string> = {
  ERR_CERT_AUTHORITY_INVALID: "its certificate is signed by a CA that is not trusted",
  ERR_CERT_COMMON_NAME_INVALID: "its certificate is for another name",
  ERR_CERT_DATE_INVALID: "its certificate is not valid today",
  ERR_CONNECTION_CLOSED: "the connection was closed",
  ERR_CONNECTION_REFUSED: "the ingress refuses connections",
  ERR_CONNECTION_RESET: "the connection was reset",
  ERR_EMPTY_RESPONSE: "the answer was empty",
  ERR_NAME_NOT_RESOLVED: "the address is no domain of this run",
  ERR_TOO_MANY_REDIRECTS: "it redirects in circles",
  ERR_SSL_PROTOCOL_ERROR: "the TLS handshake failed",
  ERR_SSL_UNRECOGNIZED_NAME_ALERT: "the ingress has no certificate for the name",
};

/** Wraps a page of puppeteer in the few verbs that stages and tests need. */
export function openPage(page: PuppeteerPage, { domains, close }: PageOptions): Page {
  const consoleErrors: string[] = [];
  const failedRequests: FailedRequest[] = [];
  const remember = <T>(list: T[], item: T) => {
    if (list.length < MAX_REMEMBERED) list.push(item);
  };
  /** What a change of the network has cost since the last load began. */
  let lost: "nothing" | "part" | "page" = "nothing";
  page.on("console", (message) => {
    if (message.text().includes(NETWORK_CHANGED)) return;
    if (message.type() === "error") remember(consoleErrors, message.text().slice(0, MAX_LINE));
  });
  page.on("pageerror", (error) => {
    remember(consoleErrors, String(error instanceof Error ? error.message : error).slice(0, MAX_LINE));
  });
  page.on("requestfailed", (request) => {
    const name = request.failure()?.errorText ?? "";
    if (name.includes("ERR_ABORTED")) return; // the page went on, or a download was denied
    if (name.includes(NETWORK_CHANGED)) {
      const whole = request.isNavigationRequest() && request.frame() === page.mainFrame();
      if (lost !== "page") lost = whole ? "page" : "part";
      return;
    }
    remember(failedRequests, {
      url: request.url().slice(0, MAX_LINE),
      status: null,
      reason: plainReason(name),
    });
  });
  page.on("response", (response) => {
    const status = response.status();
    if (status < 400) return;
    const path = new URL(response.url()).pathname;
    if (path === "/favicon.ico") return; // Chromium asks for it by itself, no page needs to have it
    const reason = `answered with ${status}`;
    remember(failedRequests, { url: response.url().slice(0, MAX_LINE), status, reason });
  });
  // A page that asks a question would wait for the answer for ever.
  page.on("dialog", (dialog) => void dialog.dismiss().catch(() => {}));

  const quiet = () =>
    page.waitForNetworkIdle({ idleTime: 300, concurrency: 2, timeout: QUIET_MS }).catch(() => {});

  /** Loads, and loads again for as long as the host's network changes under it. */
  const settle = async (load: (tries: number) => Promise<void>, { parts }: { parts: boolean }) => {
    const end = systemClock.now() + CHANGING_MS;
    for (let tries = 1;; tries++) {
      lost = "nothing";
      const enough = () => tries >= MIN_TRIES && systemClock.now() >= end;
      const [errors, failures] = [consoleErrors.length, failedRequests.length];
      await load(tries).catch((error) => {
        if (enough() || !networkChanged(error)) throw error;
        lost = "page";
      });
      await quiet();
      if (lost === "nothing" || (lost === "part" && !parts) || enough()) return;
      consoleErrors.length = errors;
      failedRequests.length = failures;
    }
  };

  const element = async (selector: string, { what, timeoutMs }: { what: string; timeoutMs: number }) => {
    try {
      return await waitFor(() => steadily(() => visible(page, selector)), {
        what: `"${selector}"`,
        timeoutMs,
        everyMs: LOOK_MS,
      });
    } catch (cause) {
      throw actionError(what, { selector, page, cause });
    }
  };

  return {
    consoleErrors,
    failedRequests,
    url: () => page.url(),

    async goto(url, { timeoutMs = LOAD_MS } = {}) {
      checkUrl(url, domains);
      try {
        let status = 0;
        await settle(async () => {
          const response = await page.goto(url, { waitUntil: "load", timeout: timeoutMs });
          status = response?.status() ?? 0;
        }, { parts: true });
        return { status, url: page.url() };
      } catch (cause) {
        const text = cause instanceof Error ? cause.message : String(cause);
        throw new BrowserError("browser.load", `Could not open "${url}": ${plainReason(text)}`, { cause });
      }
    },

    title: () => steadily(() => page.title()),

    async text(selector) {
      if (selector === undefined) return await steadily(() => visibleText(page));
      return await steadily(async () => {
        const found = await element(selector, { what: "read", timeoutMs: ACTION_MS });
        return await found.evaluate((node) => {
          const shown = node as unknown as { innerText?: string; textContent: string | null };
          return shown.innerText ?? shown.textContent ?? "";
        });
      });
    },

    async fill(selector, text, { timeoutMs = ACTION_MS } = {}) {
      try {
        await steadily(async () => await fillIn(await element(selector, { what: "fill", timeoutMs }), text));
      } catch (cause) {
        if (cause instanceof BrowserError) throw cause;
        throw actionError("fill", { selector, page, cause });
      }
    },

    async click(selector, { timeoutMs = ACTION_MS } = {}) {
      const found = await element(selector, { what: "click", timeoutMs });
      // What a click sent is sent again only if it never left; a part missing from its page is no reason to.
      await settle(async (tries) => {
        const click = tries === 1 ? () => found.click() : () => page.reload().then(() => {});
        await clickAndFollow(page, { selector, click });
      }, { parts: false });
    },

    async waitFor(what, { timeoutMs = ACTION_MS } = {}) {
      if ("selector" in what) {
        await element(what.selector, { what: "find", timeoutMs });
        return;
      }
      try {
        await waitFor(async () => (await visibleText(page).catch(() => "")).includes(what.text), {
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
    },

    async screenshot(path, { fullPage = false } = {}) {
      const png = await page.screenshot({ type: "png", fullPage });
      await writeAtomically(path, png); // the courier takes pictures as soon as they are there
    },

    async [Symbol.asyncDispose]() {
      await close().catch(() => {}); // the browser may be gone already
    },
  };
}

/** Clicks; if that makes the page go elsewhere, comes back when the new page is loaded. */
async function clickAndFollow(
  page: PuppeteerPage,
  { selector, click }: { selector: string; click: () => Promise<void> },
): Promise<void> {
  let navigates = false;
  const notice = (request: { isNavigationRequest(): boolean; frame(): unknown }) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) navigates = true;
  };
  page.on("request", notice);
  const stop = new AbortController();
  const arrived = page.waitForNavigation({ waitUntil: "load", timeout: LOAD_MS, signal: stop.signal })
    .then(() => null, (error: unknown) => error);
  try {
    await click();
    const late = systemClock.sleep(NAVIGATION_STARTS_MS, stop.signal).then(() => true, () => true);
    for (let looks = 0; looks < NAVIGATION_LOOKS && !navigates; looks++) {
      await systemClock.sleep(NAVIGATION_LOOK_MS);
      const answer = page.evaluate("0").then(() => false, () => false); // nobody answers on a page that is just going
      if (await Promise.race([answer, late])) break;
    }
    const error = navigates ? await arrived : null;
    if (error !== null) throw error;
  } catch (cause) {
    throw actionError("click", { selector, page, cause });
  } finally {
    stop.abort();
    page.off("request", notice);
    await arrived;
  }
}

/** Reads again when the page went elsewhere in the middle of it, as a page may at any time and by itself. */
async function steadily<T>(read: () => Promise<T>): Promise<T> {
  const end = systemClock.now() + STEADY_MS;
  while (true) {
    try {
      return await read();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const moved = /[Ee]xecution context|context with specified id|detached/.test(text);
      if (!moved || systemClock.now() >= end) throw error;
    }
  }
}

/** The first element that a selector finds, if it can be seen. */
async function visible(page: PuppeteerPage, selector: string): Promise<ElementHandle | undefined> {
  const found = await page.$(selector);
  return found !== null && await found.isVisible() ? found : undefined;
}

/** Sets what a field holds, and tells the page's scripts as the browser does when somebody has typed it. */
async function fillIn(field: ElementHandle, text: string): Promise<void> {
  const refusal = await field.evaluate((node, value) => {
    const field = node as unknown as {
      nodeName: string;
      value?: string;
      disabled?: boolean;
      readOnly?: boolean;
      isContentEditable?: boolean;
      textContent: string | null;
      focus(): void;
      dispatchEvent(event: Event): boolean;
    };
    if (field.disabled === true) return "is disabled";
    if (field.readOnly === true) return "is read-only";
    field.focus();
    if (/^(input|textarea|select)$/i.test(field.nodeName)) {
      // A script that watches its field (React does) has put its own property before the browser's.
      const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
      own?.set?.call(field, value);
      if (field.value !== value) return `does not take "${value}"`;
    } else if (field.isContentEditable === true) field.textContent = value;
    else return "is no field";
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
    return null;
  }, text);
  if (refusal !== null) throw new Error(`The element ${refusal}`);
}

async function visibleText(page: PuppeteerPage): Promise<string> {
  return String(await page.evaluate("document.body ? document.body.innerText : ''"));
}

function checkUrl(url: string, domains: readonly string[]): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && domains.includes(parsed.hostname)) return;
  throw new BrowserError(
    "browser.domain",
    `Could not open "${url}": only ${domains.join(", ")} can be reached`,
  );
}

function plainReason(text: string): string {
  const name = /ERR_[A-Z_]+/.exec(text)?.[0];
  if (name !== undefined) return reasons[name] ?? name;
  if (/timeout/i.test(text)) return "it did not finish loading in time";
  return text.split("\n")[0] ?? text;
}

function networkChanged(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes(NETWORK_CHANGED) || networkChanged(error.cause);
}

function actionError(
  verb: string,
  { selector, page, cause }: { selector: string; page: PuppeteerPage; cause: unknown },
): BrowserError {
  return new BrowserError("browser.action", `Could not ${verb} "${selector}" on ${page.url()}`, { cause });
}

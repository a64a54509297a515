import type { HTTPRequest, Page as PuppeteerPage } from "puppeteer-core";
import type { Answer, FailedRequest } from "./types.ts";

/**
 * The error of connections that Chromium was opening while an address of the host changed, as happens whenever a
 * container starts or stops. No request has been sent on them by then, so that nothing is sent twice when the page is
 * loaded again.
 */
const NETWORK_CHANGED = "ERR_NETWORK_CHANGED";
const MAX_REMEMBERED = 100;
const MAX_LINE = 500;

/** What people read instead of Chromium's names of errors. */
const reasons: Record<string, string> = {
  ERR_CERT_AUTHORITY_INVALID: "its certificate is signed by a CA that is not trusted",
  ERR_CERT_COMMON_NAME_INVALID: "its certificate is for another name",
  ERR_CERT_DATE_INVALID: "its certificate is not valid today",
  ERR_CONNECTION_CLOSED: "the connection was closed",
  ERR_CONNECTION_REFUSED: "the ingress refuses connections",
  ERR_ABORTED: "the answer is a file to save, or empty",
  ERR_BLOCKED_BY_RESPONSE: "its headers do not let it be shown there",
  ERR_CONNECTION_RESET: "the connection was reset",
  ERR_CONTENT_DECODING_FAILED: "its content is not encoded as its headers say",
  ERR_EMPTY_RESPONSE: "the answer was empty",
  ERR_HTTP_RESPONSE_CODE_FAILURE: "the answer is an error without a page",
  ERR_NAME_NOT_RESOLVED: "the address is no domain of this run",
  ERR_TOO_MANY_REDIRECTS: "it redirects in circles",
  ERR_SSL_PROTOCOL_ERROR: "the TLS handshake failed",
  ERR_SSL_UNRECOGNIZED_NAME_ALERT: "the ingress has no certificate for the name",
};

/** Notes what goes wrong on a page while it lives, and what a change of the host's network has cost. */
export class PageTroubles {
  /** Errors on the console and uncaught exceptions, oldest first, bounded. */
  readonly consoleErrors: string[] = [];
  /**
   * Parts of the page without an answer or answered with 400 and above, oldest first, bounded. The page's own document
   * is one of them only if it broke off.
   */
  readonly failedRequests: FailedRequest[] = [];
  /** What the page's own navigations were answered with since {@linkcode beginLoad}, oldest first, bounded. */
  readonly answers: Answer[] = [];
  /** The latest of the page's own navigations that led to no document; null: each led to one. */
  failedNavigation: { url: string; name: string } | null = null;
  /**
   * What a change of the network has cost since {@linkcode beginLoad}: nothing, a part of the page, or the page itself.
   */
  lost: "nothing" | "part" | "page" = "nothing";

  constructor(page: PuppeteerPage) {
    page.on("console", (message) => {
      if (message.text().includes(NETWORK_CHANGED)) return;
      if (message.type() === "error") remember(this.consoleErrors, message.text().slice(0, MAX_LINE));
    });
    page.on("pageerror", (error) => {
      const text = String(error instanceof Error ? error.message : error);
      remember(this.consoleErrors, text.slice(0, MAX_LINE));
    });
    page.on("error", () => {
      remember(
        this.consoleErrors,
        "The page's process ended: it crashed, or it took more memory than a page may have",
      );
      void page.close().catch(() => {}); // whoever asked the page something would wait for its answer until the end
    });
    const isOwnNavigation = (request: HTTPRequest) =>
      request.isNavigationRequest() && request.frame() === page.mainFrame();
    page.on("requestfailed", (request) => {
      const name = request.failure()?.errorText ?? "";
      const whole = isOwnNavigation(request);
      if (name.includes(NETWORK_CHANGED)) {
        if (this.lost !== "page") this.lost = whole ? "page" : "part";
        return;
      }
      if (whole) this.failedNavigation = { url: request.url(), name: errorName(name) };
      if (name.includes("ERR_ABORTED")) return; // the page went on, or a download was denied
      // Without "net::" the browser refuses by itself, for example because of the page's own policy. The console tells.
      if (!name.startsWith("net::") || (whole && !brokeOff(request))) return;
      // The console always tells of a frame that may not be shown there; the failed request is not always told.
      if (name.includes("ERR_BLOCKED_BY_RESPONSE") && request.resourceType() === "document") return;
      remember(this.failedRequests, { ...describe(request), status: null, reason: plainReason(name) });
    });
    page.on("response", (response) => {
      const status = response.status();
      const request = response.request();
      if (isOwnNavigation(request)) {
        // That a redirect has been answered may be told after the failure of what it led to.
        if (status < 300 || status >= 400) this.failedNavigation = null;
        remember(this.answers, { url: response.url(), status, refresh: response.headers().refresh ?? "" });
        return;
      }
      if (status < 400) return;
      // Chromium asks for this icon by itself, and no page needs one.
      if (/^[a-z]+:\/\/[^/]*\/favicon\.ico(\?|$)/.test(response.url())) return;
      remember(this.failedRequests, { ...describe(request), status, reason: `answered with ${status}` });
    });
  }

  /** @returns a function that forgets the troubles of the load that begins now, in case the page is loaded again */
  beginLoad(): () => void {
    this.lost = "nothing";
    this.answers.length = 0;
    this.failedNavigation = null;
    const [errors, failures] = [this.consoleErrors.length, this.failedRequests.length];
    return () => {
      this.consoleErrors.length = errors;
      this.failedRequests.length = failures;
    };
  }
}

function remember<T>(list: T[], item: T): void {
  if (list.length < MAX_REMEMBERED) list.push(item);
}

function describe(request: HTTPRequest): Pick<FailedRequest, "url" | "method" | "kind"> {
  const kind = request.resourceType();
  return { url: request.url().slice(0, MAX_LINE), method: request.method(), kind };
}

/** Whether a request failed after its answer had begun. An error without a page is a whole answer. */
function brokeOff(request: HTTPRequest): boolean {
  const { errorText = "" } = request.failure() ?? {};
  return request.response() !== null && !errorText.includes("ERR_HTTP_RESPONSE_CODE_FAILURE");
}

/** Chromium's name of an error, e.g. `ERR_ABORTED`. */
function errorName(text: string): string {
  return /ERR_[A-Z_]+/.exec(text)?.[0] ?? text;
}

/** An error of Chromium in words for people. */
export function plainReason(text: string): string {
  const name = errorName(text);
  if (name.startsWith("ERR_")) return reasons[name] ?? name;
  if (/timeout/i.test(text)) return "it did not finish loading in time";
  return text.split("\n")[0] ?? text;
}

/** Whether a load failed because the host's network changed under it. */
export function networkChanged(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes(NETWORK_CHANGED) || networkChanged(error.cause);
}

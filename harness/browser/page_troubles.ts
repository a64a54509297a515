import type { Page as PuppeteerPage } from "puppeteer-core";
import type { FailedRequest } from "./types.ts";

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
  ERR_CONNECTION_RESET: "the connection was reset",
  ERR_EMPTY_RESPONSE: "the answer was empty",
  ERR_NAME_NOT_RESOLVED: "the address is no domain of this run",
  ERR_TOO_MANY_REDIRECTS: "it redirects in circles",
  ERR_SSL_PROTOCOL_ERROR: "the TLS handshake failed",
  ERR_SSL_UNRECOGNIZED_NAME_ALERT: "the ingress has no certificate for the name",
};

/** Notes what goes wrong on a page while it lives, and what a change of the host's network has cost. */
export class PageTroubles {
  /** Errors on the console and uncaught exceptions, oldest first, bounded. */
  readonly consoleErrors: string[] = [];
  /** Requests without an answer or answered with 400 and above, oldest first, bounded. */
  readonly failedRequests: FailedRequest[] = [];
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
    page.on("requestfailed", (request) => {
      const name = request.failure()?.errorText ?? "";
      if (name.includes("ERR_ABORTED")) return; // the page went on, or a download was denied
      if (name.includes(NETWORK_CHANGED)) {
        const whole = request.isNavigationRequest() && request.frame() === page.mainFrame();
        if (this.lost !== "page") this.lost = whole ? "page" : "part";
        return;
      }
      remember(this.failedRequests, {
        url: request.url().slice(0, MAX_LINE),
        status: null,
        reason: plainReason(name),
      });
    });
    page.on("response", (response) => {
      const status = response.status();
      if (status < 400) return;
      const path = new URL(response.url()).pathname;
      if (path === "/favicon.ico") return; // Chromium asks for it by itself, and no page needs one
      const reason = `answered with ${status}`;
      remember(this.failedRequests, { url: response.url().slice(0, MAX_LINE), status, reason });
    });
  }

  /** @returns a function that forgets the troubles of the load that begins now, in case the page is loaded again */
  beginLoad(): () => void {
    this.lost = "nothing";
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

/** An error of Chromium in words for people. */
export function plainReason(text: string): string {
  const name = /ERR_[A-Z_]+/.exec(text)?.[0];
  if (name !== undefined) return reasons[name] ?? name;
  if (/timeout/i.test(text)) return "it did not finish loading in time";
  return text.split("\n")[0] ?? text;
}

/** Whether a load failed because the host's network changed under it. */
export function networkChanged(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes(NETWORK_CHANGED) || networkChanged(error.cause);
}

import { CcciError } from "../../common/errors.ts";

export interface BrowserOptions {
  /** `host:port` at which the run's domains are reached by https. */
  ingress: string;
  /** The same for http. @default port 80 of the same host */
  ingressHttp?: string;
  /** PEM file of the CA that signed the ingress's certificate; without it only the system's CAs are trusted. */
  ca?: string;
  /** The only names the browser can reach. */
  domains: readonly string[];
  /** @default "chromium" from PATH */
  executable?: string;
  /** Milliseconds until Chromium must be ready. @default 60000 */
  timeoutMs?: number;
  /**
   * Mark of the run, by which its processes and its folder are found when a run is cleaned up. @default this process's
   * own
   */
  family?: string;
  /** Whether the kernel gives Chromium's user the namespaces that its sandbox needs. @default the kernel is asked */
  namespaces?: () => Promise<boolean>;
}

/** Chromium, started for one run and completely removed after it. */
export interface Browser extends AsyncDisposable {
  /** e.g. `Chrome/156.0.8078.79`. */
  readonly version: string;
  /** Whether Chromium's own sandbox was on. */
  readonly sandbox: boolean;
  /** The throw-away folder, which has to be removed by somebody else if this process is killed. */
  readonly folder: string;
  /** A page in a context of its own: no cookies shared with other pages. */
  page(): Promise<Page>;
}

export interface FailedRequest {
  url: string;
  /** HTTP status, or null when there was no answer. */
  status: number | null;
  reason: string;
}

export interface Page extends AsyncDisposable {
  /**
   * Opens a URL of one of the run's domains, and waits until it is loaded and, for a limited time, until the network is
   * quiet.
   */
  goto(url: string, options?: { timeoutMs?: number }): Promise<{ status: number; url: string }>;
  url(): string;
  title(): Promise<string>;
  /** Visible text of the first match, or of the whole page. */
  text(selector?: string): Promise<string>;
  /** Replaces the value of a form field. */
  fill(selector: string, text: string, options?: { timeoutMs?: number }): Promise<void>;
  /** Clicks and, if that starts a navigation, waits until the new page is loaded. */
  click(selector: string, options?: { timeoutMs?: number }): Promise<void>;
  waitFor(what: { selector: string } | { text: string }, options?: { timeoutMs?: number }): Promise<void>;
  /** Writes a PNG of the page. */
  screenshot(path: string, options?: { fullPage?: boolean }): Promise<void>;
  /** Errors on the console and uncaught exceptions, oldest first, a limited number. */
  readonly consoleErrors: readonly string[];
  /** Requests without an answer or answered with 400 and above, oldest first, a limited number. */
  readonly failedRequests: readonly FailedRequest[];
}

/** The browser could not be started, or could not do what was asked. */
export class BrowserError extends CcciError {}

import { CcciError } from "../../common/errors.ts";

export interface BrowserOptions {
  /** `host:port` that the run's domains are reached at. */
  ingress: string;
  /** PEM file of the CA that signed the ingress' certificate; without it only the system's are trusted. */
  ca?: string;
  /** The only names the browser can reach. */
  domains: readonly string[];
  /** @default "chromium" from PATH */
  executable?: string;
  /** Milliseconds until Chromium must be ready. @default 60000 */
  timeoutMs?: number;
  /** Mark of the run, by which whoever cleans up finds its processes and its folder. @default this process' own */
  family?: string;
}

/** Chromium, started for one run and gone without a trace after it. */
export interface Browser extends AsyncDisposable {
  /** e.g. `Chrome/156.0.8078.79`. */
  readonly version: string;
  /** Whether Chromium's own sandbox was on. */
  readonly sandbox: boolean;
  /** The throw-away folder; known so that it can be removed after this process was killed. */
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
  /** Opens a URL of one of the run's domains, waits for load and (for a bounded time) for a quiet network. */
  goto(url: string, options?: { timeoutMs?: number }): Promise<{ status: number; url: string }>;
  url(): string;
  title(): Promise<string>;
  /** Visible text of the first match, or of the whole page. */
  text(selector?: string): Promise<string>;
  /** Replaces what a form field holds. */
  fill(selector: string, text: string, options?: { timeoutMs?: number }): Promise<void>;
  /** Clicks and, when that starts a navigation, waits for it. */
  click(selector: string, options?: { timeoutMs?: number }): Promise<void>;
  waitFor(what: { selector: string } | { text: string }, options?: { timeoutMs?: number }): Promise<void>;
  /** PNG of the page. */
  screenshot(path: string, options?: { fullPage?: boolean }): Promise<void>;
  /** Errors on the console and uncaught exceptions, oldest first, bounded. */
  readonly consoleErrors: readonly string[];
  /** Requests without an answer or answered with 400 and above, oldest first, bounded. */
  readonly failedRequests: readonly FailedRequest[];
}

/** The browser could not be started, or could not do what was asked. */
export class BrowserError extends CcciError {}

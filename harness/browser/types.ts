import { CcciError } from "../../common/errors.ts";
import type { BrowserMemory } from "./memory_watch.ts";

export interface BrowserOptions {
  /** `host:port` at which the run's domains are reached by https. */
  ingress: string;
  /** The same for http. @default port 80 of the same host */
  ingressHttp?: string;
  /** PEM file of the CA that signed the ingress's certificate; without it only the system's CAs are trusted. */
  ca?: string;
  /** The only names the browser can reach. */
  domains: readonly string[];
  /** @default "chromium-headless-shell" from PATH, or "chromium" where that is not installed */
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
  /** Milliseconds for which all parts of a page are waited for, if it shows something meanwhile. @default 10000 */
  partsMs?: number;
  /** What Chromium may hold of memory. @default {@linkcode BROWSER_MEMORY} */
  memory?: BrowserMemory;
  /** Milliseconds until a page must have answered a question. @default 60000 */
  answerMs?: number;
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
  method: string;
  /** What it was for: `image`, `script`, `stylesheet`, `xhr`, `fetch`, … */
  kind: string;
  /** HTTP status, or null when there was no answer. */
  status: number | null;
  reason: string;
}

/** An answer to a page's own navigation: a redirect, or what the page is made of. */
export interface Answer {
  url: string;
  status: number;
  /** Value of its header `Refresh`, by which the browser goes elsewhere like by an element `meta`; empty: none. */
  refresh: string;
}

/** What a page is now. */
export interface Shown {
  /** Where its document comes from or, if there is none, where the page wanted to go. */
  url: string;
  /** Status of that answer; 0: there was none. */
  status: number;
  /**
   * Chromium's name of the reason for which there is no document of anybody's, e.g. `ERR_NAME_NOT_RESOLVED`; null: there
   * is one.
   */
  nothing: string | null;
  /** Where the document, or a header that it came with, says that the browser is to go by itself in a few seconds; null: nowhere. */
  refresh: string | null;
}

export interface Page extends AsyncDisposable {
  /**
   * Opens a URL of one of the run's domains, and waits until it is loaded and, for a limited time, until the network is
   * quiet. A page that shows something counts as loaded after some time, since parts of it may never end.
   */
  goto(url: string, options?: { timeoutMs?: number }): Promise<{ status: number; url: string }>;
  url(): string;
  title(): Promise<string>;
  /**
   * Visible text of the first match, or of the whole page with its own frames. Open shadow roots are read, too.
   */
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
  /** Parts of pages without an answer or answered with 400 and above, oldest first, a limited number. */
  readonly failedRequests: readonly FailedRequest[];
}

/** A page of which stages also see where it went. */
export interface WatchedPage extends Page {
  /** What the page is now: pages go elsewhere by themselves. */
  shown(): Promise<Shown>;
  /** Resolves once scripts have done what they have put off for some seconds and that may lead elsewhere. */
  left(): Promise<void>;
  /**
   * Whether a visitor sees an element that a CSS selector finds, open shadow roots included.
   * @throws {BrowserError} `browser.selector` for what is no selector
   */
  shows(selector: string): Promise<boolean>;
  /** What its own navigations were answered with since it was last opened, oldest first, a limited number. */
  readonly answers: readonly Answer[];
}

/** The browser as stages have it. */
export interface WatchedBrowser extends Browser {
  page(): Promise<WatchedPage>;
}

/** The browser could not be started, or could not do what was asked. */
export class BrowserError extends CcciError {}

import type { FailedRequest, Page } from "../browser/types.ts";

/** How many blemishes of a page, and how many hosts in its note, are listed. */
const MOST = 8;
/** Chromium's console message about a request that failed. It is left out, because the list of requests says more. */
const REQUEST_ECHO = /^Failed to load resource: /;

/**
 * The blemishes of an opened page: errors on its console, and parts that its own domains do not deliver. Parts from
 * elsewhere cannot be reached by a run, so they become a note.
 */
export function pageTrouble(
  page: Pick<Page, "consoleErrors" | "failedRequests">,
  domains: readonly string[],
): { blemishes: string[]; notes: string[] } {
  const own: string[] = [];
  const foreign = new Set<string>();
  for (const failed of page.failedRequests) {
    const url = URL.canParse(failed.url) ? new URL(failed.url) : null;
    if (url !== null && !domains.includes(url.hostname)) foreign.add(url.host);
    else own.push(describe(failed, url));
  }
  const console = page.consoleErrors.filter((text) => !REQUEST_ECHO.test(text))
    .map((text) => `Console: ${text}`);
  const hosts = [...foreign].slice(0, MOST).join(", ");
  return {
    blemishes: bounded([...new Set([...own, ...console])]),
    notes: hosts === "" ? [] : [`The page asks ${hosts} for parts of it, which a run cannot reach`],
  };
}

/** The request without its domain, because that is another one in each run. */
function describe({ url, reason, status }: FailedRequest, parsed: URL | null): string {
  const what = parsed === null ? url : `${parsed.pathname}${parsed.search}`;
  return `Request failed: ${what} ${status === null ? `(${reason})` : reason}`;
}

function bounded(texts: string[]): string[] {
  const more = texts.length - MOST;
  return more <= 0 ? texts : [...texts.slice(0, MOST), `${more} more errors of the page (see the log)`];
}

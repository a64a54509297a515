import type { FailedRequest, Page } from "../browser/types.ts";

/** How many blemishes of a page, and how many hosts or errors in a note, are listed. */
const MOST = 8;
/** Chromium's console message about a request that failed. It is left out, because the list of requests says more. */
const REQUEST_ECHO = /^Failed to load resource: /;
/** What is said of an address to which no connection could be made. */
const UNREACHED =
  /ERR_NAME_NOT_RESOLVED|^WebSocket connection to|Failed to (?:fetch|load|import)|NetworkError|importing a module/i;
/** What pages say whose request found nobody. */
const NO_ANSWER = /Failed to fetch|Network ?Error|Load failed|ERR_NAME_NOT_RESOLVED/i;
/** What pages say that lack a script. */
const NO_SCRIPT = /is not defined|is not a (?:function|constructor)|propert(?:y|ies) of (?:undefined|null)/;
/** What pages say who asked before anybody had logged in. */
const NOT_LOGGED_IN = /\b40[13]\b|unauthori[sz]ed|forbidden/i;

type Seen = Pick<Page, "consoleErrors" | "failedRequests">;

/**
 * The blemishes of an opened page: errors on its console, and parts that its own domains do not deliver. What a run
 * cannot reach, because it is elsewhere, becomes a note, with the errors that may come from that. That nobody has logged
 * in is no blemish: a page learns it from an answer 401 or 403 to what its script asks.
 */
export function pageTrouble(
  page: Seen,
  domains: readonly string[],
): { blemishes: string[]; notes: string[] } {
  const own: string[] = [];
  const foreign = new Set<string>();
  let lacksScript = false;
  let refused = false;
  for (const failed of page.failedRequests) {
    const url = URL.canParse(failed.url) ? new URL(failed.url) : null;
    if (url !== null && !domains.includes(url.hostname)) {
      foreign.add(url.host);
      lacksScript ||= failed.kind === "script";
    } else if (asksForLogIn(failed)) refused = true;
    else own.push(describe(failed, url));
  }
  const console: string[] = [];
  const after: string[] = [];
  for (const text of page.consoleErrors) {
    if (REQUEST_ECHO.test(text)) continue;
    const unreached = hostsIn(text).filter((host) =>
      !domains.includes(host.replace(/:\d+$/, "")) && (UNREACHED.test(text) || foreign.has(host))
    );
    // A policy of the app's own holds for everybody, not in a run alone.
    if (unreached.length > 0 && !/Content Security Policy/.test(text)) {
      for (const host of unreached) foreign.add(host);
    } else if (foreign.size > 0 && (NO_ANSWER.test(text) || (lacksScript && NO_SCRIPT.test(text)))) {
      after.push(`"${text}"`);
    } else if (refused && NOT_LOGGED_IN.test(text) || /response code: 40[13]$/.test(text)) continue;
    else console.push(`Console: ${withoutDomains(text, domains)}`);
  }
  const hosts = [...foreign].slice(0, MOST).join(", ");
  const notes = hosts === "" ? [] : [`The page asks ${hosts} for parts of it, which a run cannot reach`];
  if (after.length > 0) {
    notes.push(
      `On the page's console, maybe because of that: ${[...new Set(after)].slice(0, MOST).join(", ")}`,
    );
  }
  return { blemishes: bounded([...new Set([...own, ...console])]), notes };
}

/** Whether a script of the page has asked for something that is there for people who have logged in. */
function asksForLogIn({ kind, status, method }: FailedRequest): boolean {
  const reads = method === "GET" || method === "HEAD";
  return (kind === "xhr" || kind === "fetch") && (status === 401 || (status === 403 && reads));
}

/** Hosts, with ports if any, of the addresses in a text. */
function hostsIn(text: string): string[] {
  const addresses = text.match(/\b(?:https?|wss?):\/\/[^\s'"()]+/g) ?? [];
  return addresses.filter((address) => URL.canParse(address)).map((address) => new URL(address).host);
}

/** The request without its domain, because that is another one in each run. */
function describe({ url, reason, status }: FailedRequest, parsed: URL | null): string {
  if (parsed !== null && parsed.port !== "") {
    const path = `:${parsed.port}${parsed.pathname}${parsed.search}`;
    return `Request failed: ${path} (visitors reach the ports of http and https only)`;
  }
  const what = parsed === null ? url : `${parsed.pathname}${parsed.search}`;
  return `Request failed: ${what} ${status === null ? `(${reason})` : reason}`;
}

function withoutDomains(text: string, domains: readonly string[]): string {
  return domains.reduce(
    (left, domain) =>
      ["https://", "wss://", "http://"].reduce(
        (rest, scheme) => rest.replaceAll(`${scheme}${domain}`, ""),
        left,
      ),
    text,
  );
}

function bounded(texts: string[]): string[] {
  const more = texts.length - MOST;
  return more <= 0 ? texts : [...texts.slice(0, MOST), `${more} more errors of the page (see the log)`];
}

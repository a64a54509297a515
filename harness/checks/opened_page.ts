import type { Answer, Shown } from "../browser/types.ts";
import { isOwn } from "../browser/page_text.ts";
import { plainReason } from "../browser/page_troubles.ts";
import { InfraFailure, StageFailure } from "../run/stage.ts";

/** What came of opening a page. */
export type Opened =
  /** A document of the app's, with an answer that `recipe.yml` accepts. */
  | { is: "page" }
  /** The app's answer is the one that `recipe.yml` means, and there is no page of the app to look at; says why. */
  | { is: "answer"; because: string }
  | { is: "failed"; failure: StageFailure };

export interface Seen {
  shown: Shown;
  answers: readonly Answer[];
}

export interface Wanted {
  /** What was opened. */
  url: string;
  /** The app's domains. */
  domains: readonly string[];
  /** Statuses with which it may come, next to those of success. */
  status: readonly number[];
}

/**
 * Judges what the browser shows after it has opened the app's page. Only a document of the app's own is a page of it:
 * neither the browser's error page nor one from elsewhere is.
 * @throws {InfraFailure} when the proxy refuses connections
 */
export function judgeOpened(seen: Seen, wanted: Wanted): Opened {
  const { shown, answers } = seen;
  const [first] = answers;
  if (shown.nothing === null && isOwn(shown.url, wanted.domains)) {
    if (shown.refresh !== null && !isOwn(shown.refresh, wanted.domains)) {
      return failed(elsewhere(shown.refresh, wanted), { detail: BY_ITSELF });
    }
    if (isAccepted(shown.status, { seen, wanted })) return { is: "page" };
    return failed(`The page ${wanted.url}${led(shown.url, wanted)} answers with status ${shown.status}`, {
      detail: wanted.status.length === 0
        ? "page.path in recipe.yml has to name one that opens"
        : `recipe.yml expects status ${wanted.status.join(" or ")} (health.status)`,
    });
  }
  const hasOnlyRedirected = answers.length > 0 && answers.every(({ status }) => isRedirect(status));
  if (!isOwn(shown.url, wanted.domains)) {
    if (hasOnlyRedirected && wanted.status.includes(first?.status ?? 0)) {
      return { is: "answer", because: `it sends visitors to ${hostOf(shown.url)}, which a run cannot reach` };
    }
    return failed(elsewhere(shown.url, wanted), {
      detail: hasOnlyRedirected
        ? `It answers with status ${first?.status}: where the app is meant to send its visitors elsewhere, let ` +
          "health.status say so, or page.path name a page that stays"
        : BY_ITSELF,
    });
  }
  if (shown.nothing === "ERR_CONNECTION_REFUSED") {
    const setting = shown.url.startsWith("http:") ? "CCCI_INGRESS_HTTP" : "CCCI_INGRESS";
    throw new InfraFailure(`The proxy refuses the connection for ${shown.url}`, {
      detail: `${setting} says where it answers`,
    });
  }
  const isEmpty = shown.nothing === "ERR_ABORTED" || shown.nothing === "ERR_HTTP_RESPONSE_CODE_FAILURE";
  if (isEmpty && isAccepted(shown.status, { seen, wanted })) {
    return {
      is: "answer",
      because: `it answers with status ${shown.status} and nothing that a browser shows`,
    };
  }
  const reason = plainReason(shown.nothing ?? "it shows nothing");
  return failed(`The page ${wanted.url}${led(shown.url, wanted)} does not open: ${reason}`, {});
}

const BY_ITSELF = "A script or a refresh of the page leads there; page.path can name a page that stays";

function failed(message: string, options: { detail?: string }): Opened {
  return { is: "failed", failure: new StageFailure(message, options) };
}

/** Statuses with which a page is there: the wanted one, success, and after a redirect the question who one is. */
function isAccepted(status: number, { seen, wanted }: { seen: Seen; wanted: Wanted }): boolean {
  if (wanted.status.includes(status) || (status >= 200 && status < 300) || status === 304) return true;
  // A document that a script of the app's has made came with no answer.
  return status === 0 || (status === 401 && seen.answers.length > 1);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function elsewhere(url: string, wanted: Wanted): string {
  const { hostname, port } = URL.parse(url) ?? { hostname: "", port: "" };
  const why = wanted.domains.includes(hostname) && port !== ""
    ? `port ${port}: visitors reach the ports of http and https only`
    : `${url}: that is no page of the app`;
  return `The page ${wanted.url} leads to ${why}`;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}

/** Where the browser has come to, if that is not what was opened. */
function led(url: string, wanted: Wanted): string {
  return url === wanted.url.replace(/#.*/s, "") || url === wanted.url ? "" : ` leads to ${url}, which`;
}

import { join } from "node:path";
import { waitFor, WaitTimeout } from "../../common/time.ts";
import { BrowserError, type Page, type WatchedBrowser, type WatchedPage } from "../browser/types.ts";
import type { App } from "../app/app.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { judgeOpened, type Opened } from "./opened_page.ts";
import { pageTrouble } from "./page_trouble.ts";
import type { RunContext } from "./context.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";

/** Milliseconds that a page which draws itself may take until it shows what `recipe.yml` says of it. */
const APPEARS_MS = 20_000;
const SHOWN_TEXT = 300;

type Health = Enrolment["health"];
type PageKeys = Enrolment["page"];

/** What was seen of an app's page. */
export interface PageLook {
  /** File of the picture below `screenshots/`, or null when the page did not open. */
  screenshot: string | null;
  /** Whether there is a page of the app; without one, its answer may be all that `recipe.yml` asks for. */
  isPage: boolean;
  /** Errors on the console and parts of the page that do not load. */
  blemishes: readonly string[];
  notes: readonly string[];
  /** Why this is no working page of the app; null when it is one. */
  failure: StageFailure | null;
}

/**
 * Opens the app's page in a real browser, checks what `recipe.yml` says about it and keeps a screenshot. What it sees
 * counts for the stage only once {@linkcode tellLook} is called. Where `recipe.yml` says that there is no page, a note
 * says so, and nothing is opened.
 * @throws {InfraFailure} when there is no browser, or the proxy refuses connections
 */
export async function lookAtPage(
  run: Pick<RunContext, "enrolment" | "folder" | "browser" | "pictures">,
  { app, ctx }: { app: Pick<App, "domain" | "domains">; ctx: StageContext },
): Promise<PageLook> {
  const { health, page } = run.enrolment;
  if (page.none !== undefined) {
    const notes = [`No page was opened: ${page.none}`];
    return { screenshot: null, isPage: false, blemishes: [], notes, failure: null };
  }
  const visit = {
    domain: app.domain,
    domains: app.domains,
    health,
    page,
    screenshots: run.folder.screenshots,
    screenshot: `${ctx.stage}${run.pictures}.png`,
    log: ctx.log,
  };
  try {
    return await visitPage(await run.browser(), visit);
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof BrowserError)) throw error;
    throw new InfraFailure(error.message, { cause: error.cause });
  }
}

export interface PageVisit {
  domain: string;
  /** The app's domains. */
  domains: readonly string[];
  health: Health;
  page: PageKeys;
  /** Folder for the picture, and the picture's name in it. */
  screenshots: string;
  screenshot: string;
  log: (line: string) => void;
  /** Milliseconds that the page may take until it shows what `recipe.yml` says of it. @default 20000 */
  appearsMs?: number;
}

/**
 * Opens the page that `recipe.yml` means, and judges what the browser shows.
 * @throws {BrowserError} when the browser gives no page to open it with
 * @throws {InfraFailure} when the proxy refuses connections
 */
export async function visitPage(browser: WatchedBrowser, visit: PageVisit): Promise<PageLook> {
  const { domain, domains, health, log } = visit;
  const path = pagePath(visit);
  const url = `https://${domain}${path}`;
  await using page = await browser.page();
  try {
    const late = await page.goto(url).then(() => null, (error: unknown) => {
      if (error instanceof BrowserError && error.code === "browser.load") return null; // the judge sees what came of it
      if (error instanceof BrowserError && error.code === "browser.late") return error;
      throw error;
    });
    if (late !== null) return notOpened(url, late);
    const judge = async () =>
      judgeOpened({ shown: await page.shown(), answers: page.answers }, {
        url,
        domains,
        status: visit.page.path === undefined ? health.status : [],
      });
    const fault = await waitForContent(page, { visit, judge, timeoutMs: visit.appearsMs ?? APPEARS_MS });
    if (fault === null) await page.left();
    const pictured = (await page.shown()).nothing === null && (await judge()).is !== "answer";
    if (pictured) await page.screenshot(join(visit.screenshots, visit.screenshot));
    const opened = await judge(); // the page may have gone elsewhere while it was looked at
    if (opened.is === "page") log(`Page ${url} opened, title "${await page.title()}"`);
    const { blemishes, notes } = pageTrouble(page, domains);
    return {
      screenshot: pictured ? visit.screenshot : null,
      isPage: opened.is === "page",
      blemishes,
      notes: opened.is === "answer" ? [`${path} is no page to look at: ${opened.because}`, ...notes] : notes,
      failure: opened.is === "failed" ? opened.failure : fault,
    };
  } catch (error) {
    if (!(error instanceof BrowserError)) throw error;
    return notOpened(url, error);
  }
}

function notOpened(url: string, error: BrowserError): PageLook {
  const failure = new StageFailure(`The page ${url} does not open: ${error.message}`, { cause: error });
  return { screenshot: null, isPage: false, blemishes: [], notes: [], failure };
}

/** Path of the page that `recipe.yml` means. */
export function pagePath({ page, health }: Pick<Enrolment, "page" | "health">): string {
  return page.path ?? health.path;
}

/** Makes a look at the page count for its stage. @throws {StageFailure} when the page does not open or is another one */
export function tellLook(look: PageLook, ctx: StageContext): void {
  if (look.screenshot !== null) ctx.screenshot(look.screenshot);
  for (const blemish of look.blemishes) ctx.blemish(blemish);
  for (const note of look.notes) ctx.note(note);
  for (const line of [...look.blemishes, ...look.notes]) ctx.log(line);
  if (look.failure !== null) throw look.failure;
  if (look.isPage) ctx.proof("page opened");
}

/** Looks at the app's page and lets what is seen count for the stage. @throws {StageFailure} */
export async function openAppPage(run: RunContext, visit: { app: App; ctx: StageContext }): Promise<void> {
  tellLook(await lookAtPage(run, visit), visit.ctx);
}

/**
 * Waits until the page shows what `recipe.yml` says of it, as long as it is a page of the app.
 * @returns what is still wrong when the page's time is over, or null
 */
async function waitForContent(
  page: WatchedPage,
  wait: { visit: PageVisit; judge: () => Promise<Opened>; timeoutMs: number },
): Promise<StageFailure | null> {
  const { visit, judge, timeoutMs } = wait;
  let wrong: StageFailure | null = null;
  const look = async () => {
    const opened = await judge();
    wrong = opened.is === "page"
      ? await appearanceFault(page, visit.page) ?? await contentFault(page, visit.health)
      : opened.is === "answer"
      ? wordless(visit, opened.because)
      : opened.failure;
    return wrong === null || wrong.fault === "enrolment" || opened.is !== "page";
  };
  await waitFor(look, { what: "the page's content", timeoutMs, everyMs: 200 }).catch((error) => {
    if (!(error instanceof WaitTimeout)) throw error; // `wrong` says better than the time-out what is missing
  });
  return wrong;
}

/** What is wrong with an answer that no browser shows; nothing, if `recipe.yml` asks for nothing that is shown. */
function wordless(visit: PageVisit, because: string): StageFailure | null {
  const { health: { title, text }, page: { ready } } = visit;
  const wanted: [string, AskedBy] | null = title !== undefined
    ? [title, "health.title"]
    : text !== undefined
    ? [text, "health.text"]
    : ready !== undefined
    ? [ready, "page.ready"]
    : null;
  if (wanted === null) return null;
  return new StageFailure(`The page does not show ${asked(...wanted)}: ${because}`, {
    detail: `Without ${wanted[1]} in recipe.yml the answer at ${pagePath(visit)} is enough`,
  });
}

/** What keeps a page from being all there; for a selector that is none, its author is named. */
async function appearanceFault(
  page: WatchedPage,
  { ready, gone }: Pick<PageKeys, "ready" | "gone">,
): Promise<StageFailure | null> {
  try {
    if (ready !== undefined && !await page.shows(ready)) {
      return new StageFailure(`The page does not show ${asked(ready, "page.ready")}`);
    }
    if (gone === undefined || !await page.shows(gone)) return null;
    return new StageFailure(`The page still shows "${gone}", which has to vanish by page.gone in recipe.yml`);
  } catch (cause) {
    if (!(cause instanceof BrowserError) || cause.code !== "browser.selector") throw cause;
    const message = `recipe.yml: page.ready or page.gone: ${cause.message}`;
    return new StageFailure(message, { code: "page.selector", fault: "enrolment", cause });
  }
}

async function contentFault(page: Page, { title, text }: Health): Promise<StageFailure | null> {
  const shownTitle = await page.title();
  if (title !== undefined && !matches(shownTitle, title)) {
    return new StageFailure(`The page's title is "${shownTitle}" and not ${asked(title, "health.title")}`);
  }
  if (text === undefined) return null;
  const shown = await page.text();
  if (matches(shown, text)) return null;
  const start = shown.replace(/\s+/g, " ").trim().slice(0, SHOWN_TEXT);
  return new StageFailure(`The page does not show ${asked(text, "health.text")}`, {
    detail: start === "" ? "It shows no text at all" : `It shows: ${start}`,
  });
}

/** Whether a page shows what was wanted: plain text must be part of it, `/pattern/` or `/pattern/i` must match it. */
function matches(shown: string, wanted: string): boolean {
  const pattern = /^\/(.+)\/(i?)$/.exec(wanted);
  if (pattern === null) return shown.includes(wanted);
  return new RegExp(pattern[1] ?? "", pattern[2]).test(shown);
}

type AskedBy = "health.title" | "health.text" | "page.ready";

/** What was wanted, and which key of `recipe.yml` wants it: whoever reads it may not know that there is one. */
function asked(wanted: string, key: AskedBy): string {
  const what = wanted.startsWith("/") ? `something that matches ${wanted}` : `"${wanted}"`;
  return `${what}, which ${key} in recipe.yml asks for`;
}

import { join } from "node:path";
import { waitFor, WaitTimeout } from "../../common/time.ts";
import { BrowserError, type Page } from "../browser/types.ts";
import type { App } from "../app/app.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { pageTrouble } from "./page_trouble.ts";
import type { RunContext } from "./context.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";

/** Milliseconds that a page which draws itself may take until it shows what `recipe.yml` says of it. */
const APPEARS_MS = 20_000;
const SHOWN_TEXT = 300;

type Health = Enrolment["health"];

/** What was seen of an app's page. */
export interface PageLook {
  /** File of the picture below `screenshots/`, or null when the page did not open. */
  screenshot: string | null;
  /** Errors on the console and parts of the page that do not load. */
  blemishes: readonly string[];
  notes: readonly string[];
  /** Why this is no working page of the app; null when it is one. */
  failure: StageFailure | null;
}

/**
 * Opens the app's page in a real browser, checks what `recipe.yml` says about it and keeps a screenshot. What it sees
 * counts for the stage only once {@linkcode tellLook} is called.
 * @throws {InfraFailure} when there is no browser
 */
export async function lookAtPage(
  run: RunContext,
  { app, ctx }: { app: App; ctx: StageContext },
): Promise<PageLook> {
  const { health } = run.enrolment;
  const url = `https://${app.domain}/`;
  const screenshot = `${ctx.stage}.png`;
  try {
    const browser = await run.browser();
    await using page = await browser.page();
    const { status } = await page.goto(url);
    const failure = status >= 500
      ? new StageFailure(`The page ${url} answers with status ${status}`)
      : await waitForContent(page, health);
    await page.screenshot(join(run.folder.screenshots, screenshot));
    ctx.log(`Page ${url} opened with status ${status}, title "${await page.title()}"`);
    return { screenshot, ...pageTrouble(page, app.domains), failure };
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof BrowserError)) throw error;
    if (error.code.startsWith("browser.missing") || error.code.startsWith("browser.start")) {
      throw new InfraFailure(error.message, { cause: error.cause });
    }
    const failure = new StageFailure(`The page ${url} does not open: ${error.message}`, {
      cause: error,
    });
    return { screenshot: null, blemishes: [], notes: [], failure };
  }
}

/** Makes a look at the page count for its stage. @throws {StageFailure} when the page does not open or is another one */
export function tellLook(look: PageLook, ctx: StageContext): void {
  if (look.screenshot !== null) ctx.screenshot(look.screenshot);
  for (const blemish of look.blemishes) ctx.blemish(blemish);
  for (const note of look.notes) ctx.note(note);
  for (const line of [...look.blemishes, ...look.notes]) ctx.log(line);
  if (look.failure !== null) throw look.failure;
  ctx.proof("page opened");
}

/** Looks at the app's page and lets what is seen count for the stage. @throws {StageFailure} */
export async function openAppPage(run: RunContext, visit: { app: App; ctx: StageContext }): Promise<void> {
  tellLook(await lookAtPage(run, visit), visit.ctx);
}

/** What is still wrong with title or text when the page's time is over, or null. */
async function waitForContent(page: Page, health: Health): Promise<StageFailure | null> {
  let wrong: StageFailure | null = null;
  await waitFor(async () => (wrong = await contentFault(page, health)) === null, {
    what: "the page's content",
    timeoutMs: APPEARS_MS,
    everyMs: 200,
  }).catch((error) => {
    if (!(error instanceof WaitTimeout)) throw error; // `wrong` says better than the time-out what is missing
  });
  return wrong;
}

async function contentFault(page: Page, { title, text }: Health): Promise<StageFailure | null> {
  const shownTitle = await page.title();
  if (title !== undefined && !matches(shownTitle, title)) {
    return new StageFailure(`The page's title is "${shownTitle}", not ${describe(title)}`);
  }
  if (text === undefined) return null;
  const shown = await page.text();
  if (matches(shown, text)) return null;
  const start = shown.replace(/\s+/g, " ").trim().slice(0, SHOWN_TEXT);
  return new StageFailure(`The page does not show ${describe(text)}`, {
    detail: start === "" ? "It shows no text at all" : `It shows: ${start}`,
  });
}

/** Whether a page shows what was wanted: plain text must be part of it, `/pattern/` or `/pattern/i` must match it. */
function matches(shown: string, wanted: string): boolean {
  const pattern = /^\/(.+)\/(i?)$/.exec(wanted);
  if (pattern === null) return shown.includes(wanted);
  return new RegExp(pattern[1] ?? "", pattern[2]).test(shown);
}

function describe(wanted: string): string {
  return wanted.startsWith("/") ? `something that matches ${wanted}` : `"${wanted}"`;
}

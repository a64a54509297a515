import { join } from "node:path";
import { waitFor, WaitTimeout } from "../common/time.ts";
import { BrowserError, type Page } from "./browser_types.ts";
import type { App } from "./app.ts";
import type { Enrolment } from "./enrolment.ts";
import { pageTrouble } from "./page_trouble.ts";
import type { RunContext } from "./run_context.ts";
import { InfraFailure, type StageContext, StageFailure } from "./stage.ts";

/** How long a page that draws itself may take until it shows what `recipe.yml` says of it. */
const APPEARS_MS = 5_000;
const SHOWN_TEXT = 300;

type Health = Enrolment["health"];

/**
 * Opens the app's page in a real browser, checks what `recipe.yml` says about it and keeps a screenshot. Errors on the
 * console and parts of the page that do not load are blemishes of the stage.
 * @throws {StageFailure} when the page does not open or is another one
 */
export async function openAppPage(run: RunContext, about: { app: App; ctx: StageContext }): Promise<void> {
  const { app, ctx } = about;
  const { health } = run.enrolment;
  const url = `https://${app.domain}/`;
  const name = `${ctx.stage}.png`;
  try {
    const browser = await run.browser();
    await using page = await browser.page();
    const { status } = await page.goto(url);
    const wrong = status >= 500 ? null : await waitForContent(page, health);
    await page.screenshot(join(run.folder.screenshots, name));
    ctx.screenshot(name);
    ctx.log(`Page ${url} opened with status ${status}, title "${await page.title()}"`);
    const { blemishes, notes } = pageTrouble(page, app.domains);
    for (const blemish of blemishes) ctx.blemish(blemish);
    for (const note of notes) ctx.note(note);
    for (const line of [...blemishes, ...notes]) ctx.log(line);
    if (status >= 500) throw new StageFailure(`The page ${url} answers with status ${status}`);
    if (wrong !== null) throw wrong;
    ctx.proof("page opened");
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof BrowserError)) throw error;
    if (error.code.startsWith("browser.missing") || error.code.startsWith("browser.start")) {
      throw new InfraFailure(error.message, { cause: error.cause });
    }
    throw new StageFailure(`The page ${url} does not open: ${error.message}`, { cause: error });
  }
}

/** What is wrong with title or text when the page had its time, or null. */
async function waitForContent(page: Page, health: Health): Promise<StageFailure | null> {
  let wrong: StageFailure | null = null;
  await waitFor(async () => (wrong = await contentFault(page, health)) === null, {
    what: "the page's content",
    timeoutMs: APPEARS_MS,
    everyMs: 200,
  }).catch((error) => {
    if (!(error instanceof WaitTimeout)) throw error; // what is wrong is said in better words
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

/** `text` must be part of what is shown; `/pattern/` or `/pattern/i` must match it. */
export function matches(shown: string, wanted: string): boolean {
  const pattern = /^\/(.+)\/(i?)$/.exec(wanted);
  if (pattern === null) return shown.includes(wanted);
  return new RegExp(pattern[1] ?? "", pattern[2]).test(shown);
}

function describe(wanted: string): string {
  return wanted.startsWith("/") ? `something that matches ${wanted}` : `"${wanted}"`;
}

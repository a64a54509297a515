import { join } from "node:path";
import { BrowserError } from "./browser_types.ts";
import type { App } from "./app.ts";
import type { RunContext } from "./run_context.ts";
import { InfraFailure, type StageContext, StageFailure } from "./stage.ts";

/** Opens the app's page in a real browser, checks what `recipe.yml` says about it and keeps a screenshot. */
export async function openAppPage(run: RunContext, about: { app: App; ctx: StageContext }): Promise<void> {
  const { app, ctx } = about;
  const { health } = run.enrolment;
  const url = `https://${app.domain}/`;
  const name = `${ctx.stage}.png`;
  try {
    const browser = await run.browser();
    await using page = await browser.page();
    const { status } = await page.goto(url);
    const title = await page.title();
    await page.screenshot(join(run.folder.screenshots, name));
    ctx.screenshot(name);
    ctx.log(`Page ${url} opened with status ${status}, title "${title}"`);
    for (const error of page.consoleErrors) ctx.log(`Console: ${error}`);
    for (const failed of page.failedRequests) ctx.log(`Request failed: ${failed.url} ${failed.reason}`);
    if (status >= 500) throw new StageFailure(`The page ${url} answers with status ${status}`);
    if (health.title !== undefined && !matches(title, health.title)) {
      throw new StageFailure(`The page's title is "${title}", not ${describe(health.title)}`);
    }
    const trouble = page.consoleErrors.length + page.failedRequests.length;
    if (trouble > 0) {
      ctx.note(`The page reports ${trouble} ${trouble === 1 ? "error" : "errors"} (see the log)`);
    }
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

/** `text` must be part of the title; `/pattern/` or `/pattern/i` must match it. */
export function matches(title: string, wanted: string): boolean {
  const pattern = /^\/(.+)\/(i?)$/.exec(wanted);
  if (pattern === null) return title.includes(wanted);
  return new RegExp(pattern[1] ?? "", pattern[2]).test(title);
}

function describe(wanted: string): string {
  return wanted.startsWith("/") ? `one that matches ${wanted}` : `one with "${wanted}" in it`;
}

import type { ElementHandle, Page as PuppeteerPage } from "puppeteer-core";
import { systemClock } from "../../common/time.ts";
import { arrival } from "./page_arrival.ts";
import { BrowserError } from "./types.ts";

/** Milliseconds that a page may take to load. */
export const LOAD_MS = 30_000;
/**
 * Number of looks after a click within which a navigation may begin. At each look the page is asked something: on a
 * busy machine its answer comes as late as the navigation does, so that the looks take longer too.
 */
const NAVIGATION_LOOKS = 10;
const NAVIGATION_LOOK_MS = 25;
/** Milliseconds for all looks together, in case the page answers nothing at all. */
const NAVIGATION_STARTS_MS = 5_000;
/**
 * Milliseconds for which reading is repeated. On a busy machine a page that keeps navigating may interrupt many reads
 * in a row.
 */
const STEADY_MS = 30_000;

/** Clicks. If the click starts a navigation, it also waits until the new page is there. */
export async function clickAndFollow(
  page: PuppeteerPage,
  { selector, click, partsMs }: { selector: string; click: () => Promise<void>; partsMs: number },
): Promise<void> {
  let navigates = false;
  const notice = (request: { isNavigationRequest(): boolean; frame(): unknown }) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) navigates = true;
  };
  page.on("request", notice);
  const stop = new AbortController();
  const begin = () => page.waitForNavigation({ waitUntil: "load", timeout: LOAD_MS, signal: stop.signal });
  const arrived = arrival(page, { begin, partsMs }).then(() => null, (error: unknown) => error);
  try {
    await click();
    const late = systemClock.sleep(NAVIGATION_STARTS_MS, stop.signal).then(() => true, () => true);
    for (let looks = 0; looks < NAVIGATION_LOOKS && !navigates; looks++) {
      await systemClock.sleep(NAVIGATION_LOOK_MS);
      const answer = page.evaluate("0").then(() => false, () => false); // fails on a page that is being left
      if (await Promise.race([answer, late])) break;
    }
    const error = navigates ? await arrived : null;
    if (error !== null) throw error;
  } catch (cause) {
    throw actionError("click", { selector, page, cause });
  } finally {
    stop.abort();
    page.off("request", notice);
    await arrived;
  }
}

/** Reads from a page, and reads again when the page navigated meanwhile, as a page may by itself at any time. */
export async function steadily<T>(read: () => Promise<T>): Promise<T> {
  const end = systemClock.elapsed() + STEADY_MS;
  while (true) {
    try {
      return await read();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const moved = /[Ee]xecution context|context with specified id|detached/.test(text);
      if (!moved || systemClock.elapsed() >= end) throw error;
    }
  }
}

/** Reads steadily. @throws {BrowserError} `browser.silent`, `browser.read`: an app can keep its page from answering */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await steadily(read);
  } catch (cause) {
    if (cause instanceof BrowserError) throw cause;
    throw cause instanceof Error && /timed out/.test(cause.message)
      ? new BrowserError(
        "browser.silent",
        "The page answers nothing: a script of it may run without an end",
        { cause },
      )
      : new BrowserError("browser.read", "Could not read the page", { cause });
  }
}

/** The first element that a selector finds, if it can be seen. */
export async function visible(page: PuppeteerPage, selector: string): Promise<ElementHandle | undefined> {
  const found = await page.$(selector);
  return found !== null && await found.isVisible() ? found : undefined;
}

/** Sets the value of a field, and sends its scripts the events that the browser sends when somebody has typed it. */
export async function fillIn(field: ElementHandle, text: string): Promise<void> {
  const refusal = await field.evaluate((node, value) => {
    const field = node as unknown as {
      nodeName: string;
      value?: string;
      disabled?: boolean;
      readOnly?: boolean;
      isContentEditable?: boolean;
      textContent: string | null;
      focus(): void;
      dispatchEvent(event: Event): boolean;
    };
    if (field.disabled === true) return "is disabled";
    if (field.readOnly === true) return "is read-only";
    field.focus();
    if (/^(input|textarea|select)$/i.test(field.nodeName)) {
      // A script that watches the field (React does) has hidden the browser's property behind one of its own.
      const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
      own?.set?.call(field, value);
      if (field.value !== value) return `does not take "${value}"`;
    } else if (field.isContentEditable === true) field.textContent = value;
    else return "is no field";
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
    return null;
  }, text);
  if (refusal !== null) throw new Error(`The element ${refusal}`);
}

/** The error for something that could not be done on a page. */
export function actionError(
  verb: string,
  { selector, page, cause }: { selector: string; page: PuppeteerPage; cause: unknown },
): BrowserError {
  return new BrowserError("browser.action", `Could not ${verb} "${selector}" on ${page.url()}`, { cause });
}

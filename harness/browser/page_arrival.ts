import type { Frame, Page as PuppeteerPage } from "puppeteer-core";
import { systemClock } from "../../common/time.ts";
import { shownText } from "./page_text.ts";

/** Milliseconds for which all parts of a page are waited for. */
export const PARTS_MS = 10_000;
const LOOK_MS = 250;
/** Milliseconds for one look: a page that is being left may never answer it. */
const ANSWER_MS = 3_000;

/**
 * Waits until a page has loaded. A picture or a stream that never ends keeps a page from that for ever, so after
 * `partsMs` it is enough that a new document shows something.
 * @param load.begin begins the load; its result resolves when all parts are there
 */
export async function arrival(
  page: PuppeteerPage,
  load: { begin: () => Promise<unknown>; partsMs: number },
): Promise<void> {
  const stop = new AbortController();
  let arrived = false;
  const notice = (frame: Frame) => {
    if (frame === page.mainFrame()) arrived = true;
  };
  page.on("framenavigated", notice);
  try {
    const loaded = load.begin();
    loaded.catch(() => {}); // it may fail when nobody waits for it any more
    await Promise.race([
      loaded,
      showsSomething(page, { ...load, hasArrived: () => arrived, stop: stop.signal }),
    ]);
  } finally {
    stop.abort();
    page.off("framenavigated", notice);
  }
}

/** Resolves when the time for parts is over and a new document shows something, or when it is stopped. */
async function showsSomething(
  page: PuppeteerPage,
  look: { partsMs: number; hasArrived: () => boolean; stop: AbortSignal },
): Promise<void> {
  const { partsMs, hasArrived, stop } = look;
  const pause = (ms: number) => systemClock.sleep(ms, stop).catch(() => {});
  await pause(partsMs);
  while (!stop.aborted) {
    const shows = hasArrived() &&
      await Promise.race([showsNow(page).catch(() => false), pause(ANSWER_MS).then(() => false)]);
    if (shows) return;
    await pause(LOOK_MS);
  }
}

async function showsNow(page: PuppeteerPage): Promise<boolean> {
  return await page.evaluate(shownText, null, 1) !== "" || await page.evaluate(drawsSomething);
}

/** Whether a picture of any kind is drawn. It runs in the page, so it may use nothing from outside. */
function drawsSomething(): boolean {
  const { document } = globalThis as unknown as {
    document: { querySelectorAll(selector: string): Iterable<{ getBoundingClientRect(): Size }> };
  };
  return [...document.querySelectorAll("img, canvas, video, svg, input, button")].some((one) => {
    const { width, height } = one.getBoundingClientRect();
    return width > 20 && height > 20;
  });
}

interface Size {
  width: number;
  height: number;
}

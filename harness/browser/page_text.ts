import type { Frame, Page as PuppeteerPage } from "puppeteer-core";

/** Characters of a page's text that are read. */
export const MAX_TEXT = 1_000_000;

/**
 * What a page shows as text, or the beginning of it. Open shadow roots and frames of the run's own domains are read,
 * too; frames from elsewhere are not the app's.
 */
export async function visibleText(page: PuppeteerPage, domains: readonly string[]): Promise<string> {
  const main = page.mainFrame();
  const texts = [await textOf(main), ...await framesText(main, domains)];
  return texts.filter((text) => text !== "").join("\n").slice(0, MAX_TEXT);
}

/** Whether an address is that of a document of one of the domains, at a port that visitors reach. */
export function isOwn(address: string, domains: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { origin } = new URL(address); // of `blob:https://app/…` it is that of the page which made it
  if (!/^https?:\/\//.test(origin)) return false;
  const { hostname, port } = new URL(origin);
  return port === "" && domains.includes(hostname);
}

async function framesText(parent: Frame, domains: readonly string[]): Promise<string[]> {
  const texts: string[] = [];
  for (const frame of parent.childFrames()) {
    // `about:srcdoc` and `about:blank` have the origin of the document around them.
    if (!/^about:/.test(frame.url()) && !isOwn(frame.url(), domains)) continue;
    try {
      if (!await isSeen(frame)) continue;
      texts.push(await textOf(frame), ...await framesText(frame, domains));
    } catch { /* the frame has gone meanwhile, and its text with it */ }
  }
  return texts;
}

async function isSeen(frame: Frame): Promise<boolean> {
  await using element = await frame.frameElement();
  return element !== null && await element.isVisible();
}

async function textOf(frame: Frame): Promise<string> {
  // A page may put a function of its own in the place of any that reads it.
  return String(await frame.evaluate(shownText, null, MAX_TEXT)).slice(0, MAX_TEXT);
}

/** The part of the DOM that {@linkcode shownText} needs. Deno does not know the types of a browser. */
interface Box {
  readonly nodeType: number;
  readonly innerText?: string;
  readonly textContent: string | null;
  readonly shadowRoot?: { readonly childNodes: Iterable<Box> } | null;
  querySelectorAll(selector: string): Iterable<Box>;
  checkVisibility(): boolean;
}

/**
 * Runs in the page, so it may use nothing from outside.
 * @param start the element to read; null: the whole document
 * @param most characters that are read
 */
export function shownText(start: unknown, most: number): string {
  const { document, getComputedStyle } = globalThis as unknown as {
    document: { body: Box | null; documentElement: Box | null };
    getComputedStyle(box: Box): { display: string };
  };
  const texts: string[] = [];
  const isDrawn = (box: Box) => box.checkVisibility() || getComputedStyle(box).display === "contents";
  const read = (box: Box) => {
    texts.push(box.innerText ?? box.textContent ?? "");
    for (const host of [box, ...box.querySelectorAll("*")]) {
      if (!host.shadowRoot || !isDrawn(host)) continue;
      for (const child of host.shadowRoot.childNodes) {
        if (child.nodeType === 3) texts.push(child.textContent ?? "");
        else if (child.nodeType === 1 && isDrawn(child)) read(child);
      }
    }
  };
  const root = (start as Box | null) ?? document.body ?? document.documentElement;
  if (root !== null) read(root);
  return texts.map((text) => text.trim()).filter((text) => text !== "").join("\n").slice(0, most);
}

/**
 * Whether anybody sees an element that a selector finds. Runs in the page, so it may use nothing from outside.
 * @returns null for what is no selector
 */
export function isShown(selector: string): boolean | null {
  interface Element {
    readonly shadowRoot?: Root | null;
    checkVisibility(options: Record<string, boolean>): boolean;
    getBoundingClientRect(): { width: number; height: number };
  }
  interface Root {
    querySelector(selector: string): Element | null;
    querySelectorAll(selector: string): Iterable<Element>;
  }
  const { document } = globalThis as unknown as { document: Root };
  const isSeen = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true });
  };
  const isWithin = (root: Root): boolean =>
    [...root.querySelectorAll(selector)].some(isSeen) ||
    [...root.querySelectorAll("*")].some(({ shadowRoot }) => shadowRoot ? isWithin(shadowRoot) : false);
  try {
    document.querySelector(selector);
  } catch {
    return null;
  }
  return isWithin(document);
}

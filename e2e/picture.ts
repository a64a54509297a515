import assert from "node:assert/strict";
import type { Page, ScreenshotClip } from "puppeteer-core";

/**
 * Pictures for people who read the documents. Beside each one lies what was to be read on it when it was taken, so that
 * a test which comes by the same page says when the picture is out of date. `renew` takes them anew.
 */
export const renew = 'CCCI_UPDATE_SNAPSHOTS=1 ./cc-ci test --only pages,forge --filter "picture of"';
const update = Deno.env.get("CCCI_UPDATE_SNAPSHOTS") === "1";
const folder = new URL("../docs/pictures/", import.meta.url);

/** Compares what is to be read on a page now with what its picture shows, or takes the picture anew. */
export async function comparePicture(
  page: Page,
  { name, shows, clip }: { name: string; shows: string; clip: ScreenshotClip },
): Promise<void> {
  const text = new URL(`${name}.txt`, folder);
  if (update) {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(new URL(`${name}.png`, folder), await page.screenshot({ clip }));
    await Deno.writeTextFile(text, shows);
  }
  try {
    assert.equal(shows, await Deno.readTextFile(text));
  } catch (cause) {
    throw new Error(`docs/pictures/${name}.png shows a page of before. Take it anew: ${renew}`, { cause });
  }
}

import { join } from "node:path";
import { describeError } from "../../common/errors.ts";
import type { App } from "../app/app.ts";
import { writeAtomically } from "../../common/files.ts";
import { pagePath } from "./front_page.ts";
import type { RunContext } from "./context.ts";
import type { StageContext } from "../run/stage.ts";

const LOAD_MS = 15_000;
const BEFORE = "upgrade-before.png";
const DIFFERENCE = "upgrade-difference.png";

/**
 * Takes a picture of the published version's page for {@linkcode compareLooks}. A failure is only logged, because no
 * verdict depends on the picture.
 */
export async function pictureBefore(
  run: RunContext,
  { app, ctx }: { app: App; ctx: StageContext },
): Promise<void> {
  const { page: wanted } = run.enrolment;
  if (wanted.none !== undefined) return;
  const timeoutMs = Math.min(LOAD_MS, ctx.remaining());
  try {
    await using page = await (await run.browser()).page();
    await page.goto(`https://${app.domain}${pagePath(run.enrolment)}`, { timeoutMs });
    if (wanted.ready !== undefined) await page.waitFor({ selector: wanted.ready }, { timeoutMs });
    await page.screenshot(join(run.folder.screenshots, BEFORE));
  } catch (error) {
    ctx.log(`No picture of the page before the upgrade: ${describeError(error)}`);
  }
}

/**
 * Compares the picture of the page before the upgrade with `after`, the one that the stage took. A difference fails
 * nothing.
 */
export async function compareLooks(
  run: RunContext,
  { after, ctx }: { after: string; ctx: StageContext },
): Promise<void> {
  const picture = (name: string) => join(run.folder.screenshots, name);
  try {
    const [old, now] = await Promise.all(
      [picture(BEFORE), picture(after)].map((path) => Deno.readFile(path)),
    );
    if (old === undefined || now === undefined) return;
    const { comparePictures } = await import("./compare_pictures.ts"); // loaded in runs that upgrade, and in no others
    const { changed, difference } = comparePictures(old, now);
    await writeAtomically(picture(DIFFERENCE), difference);
    run.send({ type: "visual", visual: { before: BEFORE, after, difference: DIFFERENCE, changed } });
    ctx.log(`${(changed * 100).toFixed(2)} % of the page's pixels changed by the upgrade`);
  } catch (error) {
    ctx.log(`The page before and after the upgrade could not be compared: ${describeError(error)}`);
  }
}

import type { RunResult } from "../../protocol/result.ts";
import { pictureTitle, visualText } from "../../wording/findings.ts";
import { type Markup, markup } from "./markup.ts";
import { testedCommit } from "../../wording/verdict.ts";

/** PNG bytes by file name. */
export type Screenshots = Record<string, Uint8Array>;

/** The page before and after the upgrade and what differs, or null where one of the pictures is missing. */
export function comparison(result: RunResult, screenshots: Screenshots): Markup | null {
  const { visual } = result;
  const text = visualText(result);
  if (visual === null || text === null) return null;
  const figures = [
    figure(screenshots, { name: visual.before, caption: `Before: ${result.base ?? "published version"}` }),
    figure(screenshots, { name: visual.after, caption: `After: ${testedCommit(result) ?? "this commit"}` }),
    figure(screenshots, { name: visual.difference, caption: "Difference, in red" }),
  ];
  if (figures.includes(null)) return null;
  return markup`<p class="quiet">${text}.</p><div class="shots three">${figures}</div>`;
}

/** All other screenshots, each called after its stage and what the test called it. */
export function gallery(result: RunResult, screenshots: Screenshots): Markup | null {
  const compared = comparison(result, screenshots) === null ? undefined : result.visual?.after;
  const figures = result.stages.flatMap((stage) =>
    stage.screenshots.filter((name) => name !== compared).flatMap((name) =>
      figure(screenshots, { name, caption: pictureTitle(stage.name, name) }) ?? []
    )
  );
  if (figures.length === 0) return null;
  return markup`<div class="${figures.length === 1 ? "shots one" : "shots"}">${figures}</div>`;
}

function figure(
  screenshots: Screenshots,
  { name, caption }: { name: string; caption: string },
): Markup | null {
  const png = Object.hasOwn(screenshots, name) ? screenshots[name] : undefined;
  if (png === undefined) return null;
  const source = `data:image/png;base64,${png.toBase64()}`;
  return markup`<figure><img src="${source}" alt="Screenshot: ${caption}"><figcaption>${caption}</figcaption></figure>`;
}

import { Marked } from "marked";
import { markedTerminal } from "marked-terminal";

/**
 * A comment's Markdown as a reader of the pull request sees it, laid out for a terminal: hidden markers are gone,
 * folded parts are shown unfolded under their title, tables are drawn.
 */
export function commentText(markdown: string): string {
  const visible = markdown
    .replaceAll(/<!--.*?-->\n?/gs, "")
    .replaceAll(/<details><summary>(.*?)<\/summary>/gs, "▾ $1\n")
    .replaceAll("</details>", "");
  const renderer = new Marked(
    markedTerminal({ width: 100, reflowText: false, showSectionPrefix: false }) as never,
  );
  return String(renderer.parse(visible)).trim();
}

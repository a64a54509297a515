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
    .replaceAll("</details>", "")
    .replaceAll(/<\/?sub>/g, "");
  // Without colours and inner lines: the text goes to files and logs as well.
  const tableOptions = {
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  };
  const renderer = new Marked(
    markedTerminal({ width: 100, showSectionPrefix: false, tableOptions }) as never,
  );
  return String(renderer.parse(visible)).trim();
}

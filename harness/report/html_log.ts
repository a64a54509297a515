import { AnsiUp } from "ansi_up";
import { type Markup, markup, trusted } from "./markup.ts";
import { coloursOnly } from "../../common/colours.ts";

const MAX_LINES = 5_000;
const MAX_LINE = 4_000;

/**
 * A stage's log: one numbered line each, colours kept, everything else a terminal would obey dropped. Every line can
 * be linked to as `#<stage>-L<number>`.
 */
export function logMarkup(stage: string, text: string): { lines: number; rows: Markup } {
  const all = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  const skipped = Math.max(0, all.length - MAX_LINES);
  const painter = new AnsiUp();
  painter.use_classes = true;
  painter.escape_html = true;
  const items = all.slice(skipped).map((line, index) => {
    const number = skipped + index + 1;
    const id = `${stage}-L${number}`;
    const colored = trusted(painter.ansi_to_html(coloursOnly(line.slice(0, MAX_LINE))));
    return markup`<li id="${id}"><a href="#${id}">${number}</a><span>${colored}</span></li>`;
  });
  const note = skipped > 0 &&
    markup`<p class="quiet">The first ${skipped} lines are left out here; the log file has them.</p>`;
  return { lines: all.length, rows: markup`${note}<ol class="log">${items}</ol>` };
}

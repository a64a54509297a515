/** Makes text from outside fit for one line of a terminal or a page. */

// deno-lint-ignore no-control-regex
const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// deno-lint-ignore no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Characters that reorder or hide what stands beside them. */
const bidi = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Without colours, cursor movements and other things a terminal would obey; line breaks and tabs stay. */
export function plain(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(ansi, "").replace(control, "").replace(bidi, "");
}

/** {@linkcode plain} text on one line. */
export function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, " ").trim();
}

/** Cuts to `width` columns; the last one is then an ellipsis. Wide characters count as two. */
export function truncate(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const char of text) {
    const wide = columnsOf(char);
    if (used + wide > width - 1) break;
    cut += char;
    used += wide;
  }
  return `${cut}…`;
}

/** Breaks text into lines of at most `width` columns, at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (columnsOf(longer) <= width || line === "") line = longer;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** Columns that a terminal takes for the text, near enough: marks count nothing, East Asian and emoji two. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) {
    if (/\p{Mark}|\ufe0f/u.test(char)) continue;
    const code = char.codePointAt(0) ?? 0;
    const wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) || code >= 0x1f300;
    columns += wide ? 2 : 1;
  }
  return columns;
}

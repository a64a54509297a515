/** Text in columns, for terminals and tables. What it is given is clean already. */

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

/** Cuts to `most` letters, whatever their width; the last one is then an ellipsis. */
export function shorten(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join("")}…`;
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

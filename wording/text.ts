import stringWidth from "string-width";

/** Text in columns, for terminals and tables. What it is given is clean already. */

/** What a reader sees as one sign, whatever it is made of. */
const signs = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Cuts to `width` columns, between signs; the last column is then an ellipsis. Wide characters count as two. */
export function truncate(text: string, width: number): string {
  let kept = "";
  let used = 0;
  for (const { segment } of signs.segment(text)) {
    used += stringWidth(segment);
    if (used > width) return `${kept}…`;
    if (used < width) kept += segment;
  }
  return text;
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
      if (stringWidth(longer) <= width || line === "") line = longer;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { lineHtml, type LogLine, LONGEST_LINE } from "./log_lines.ts";

/** A line with its markup. */
export interface ShownLine extends LogLine {
  html: string;
}

/** Bytes that the lines of a page may take, plain and packed; the page around them needs some as well. */
const ROOM = 900_000;
const ROOM_PACKED = 80_000;
/** Each line shows this many characters, whatever it costs: a page of such lines has room. */
const SHORTEST = 30;

/**
 * The lines of one page with their markup. Every line stays, as its address leads here; where all of them together are
 * too much for a page, the longest are cut, as far as need be.
 */
export function shownLines(run: string, lines: readonly LogLine[]): ShownLine[] {
  let longest = lines.reduce((most, line) => Math.max(most, Math.min(line.text.length, LONGEST_LINE)), 0);
  while (true) {
    const { shown, excess } = drawn(run, lines, longest);
    if (excess <= 1 || longest <= SHORTEST) return shown;
    longest = Math.max(SHORTEST, Math.floor(longest * Math.max(0.2, 0.95 / excess)));
  }
}

/** Draws lines until there is no more room. `excess` is about how many times the room that all of them take. */
function drawn(
  run: string,
  lines: readonly LogLine[],
  longest: number,
): { shown: ShownLine[]; excess: number } {
  const shown: ShownLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    const html = lineHtml(run, line, longest);
    bytes += Buffer.byteLength(html);
    shown.push({ ...line, html });
    // The page is too large already: drawing the remaining lines would only tell how much larger it gets.
    if (bytes > ROOM && longest > SHORTEST) {
      return { shown, excess: Math.max(1.1, lines.length / shown.length) };
    }
  }
  if (bytes <= ROOM_PACKED) return { shown, excess: 0 };
  const packed = gzipSync(shown.map(({ html }) => html).join(""), { level: 3 }).length;
  return { shown, excess: packed / ROOM_PACKED };
}

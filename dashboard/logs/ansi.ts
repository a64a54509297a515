import { AnsiUp } from "ansi_up";
import { coloursOnly } from "../../common/colours.ts";

/**
 * One line of a log as HTML: escaped, colours as classes (the pages' policy allows no inline style). Sequences other
 * than colours are dropped, so that no line can hide itself or its neighbours. Each line starts without colour.
 */
export function lineToHtml(line: string): string {
  const converter = new AnsiUp();
  converter.use_classes = true;
  converter.url_allowlist = {};
  converter.boldStyle = "bold";
  converter.faintStyle = "faint";
  converter.italicStyle = "italic";
  converter.underlineStyle = "underline";
  // Text is escaped, quotes too: a style attribute can only be one that the converter wrote.
  return converter.ansi_to_html(coloursOnly(line, sixteenColours)).replace(
    /<span style="([a-z;]+)"(?: class="([a-z -]+)")?>/g,
    (_all, styles: string, classes: string | undefined) => {
      const all = styles.split(";").map((style) => `ansi-${style}`);
      return `<span class="${[...all, ...(classes === undefined ? [] : [classes])].join(" ")}">`;
    },
  );
}

/** Brings extended colours down to the sixteen that have a class, which also read well on either theme. */
function sixteenColours(codes: string): string {
  const given = codes.split(";").map(Number);
  const kept: number[] = [];
  for (let at = 0; at < given.length; at++) {
    const code = given[at] ?? 0;
    if (code !== 38 && code !== 48) {
      kept.push(code);
      continue;
    }
    const base = code === 38 ? 30 : 40;
    if (given[at + 1] === 5) {
      kept.push(base + ofPalette(given[at + 2] ?? 0));
      at += 2;
    } else if (given[at + 1] === 2) {
      kept.push(base + nearest([given[at + 2] ?? 0, given[at + 3] ?? 0, given[at + 4] ?? 0]));
      at += 4;
    }
  }
  return kept.join(";");
}

function ofPalette(index: number): number {
  if (index < 8) return index;
  if (index < 16) return index - 8 + 60;
  if (index >= 232) return index < 244 ? 60 : 7;
  const cube = index - 16;
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => level * 51));
}

/** 0 to 7, or 60 and more for the bright half: what has to be added to 30 or 40. */
function nearest(rgb: number[]): number {
  const brightest = Math.max(...rgb);
  const bits = rgb.map((part, at) => part > 127 || part > brightest * 0.7 && part > 60 ? 1 << at : 0);
  const hue = bits.reduce((sum, bit) => sum + bit, 0);
  return hue + (brightest > 220 && hue !== 7 ? 60 : 0);
}

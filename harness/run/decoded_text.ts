/** A text as somebody reads it who knows how it is written, and where each of its characters comes from. */
export interface DecodedText {
  text: string;
  /** Characters at the end of the original that may be half of an escape. */
  halfEscape: number;
  /** Where a character begins in the original, or where it ends there. */
  at(index: number, side?: "begin" | "end"): number;
}

/** A text, and where in the original each of its characters begins and ends; null: nothing was changed. */
interface Mapped {
  text: string;
  begins: Uint32Array | null;
  ends: Uint32Array | null;
  length: number;
}

/** A way of writing characters. */
interface Escapes {
  pattern: RegExp;
  read: (escape: string) => string;
  /** What stands at the end of a text that was cut within one. */
  half: RegExp;
}

const json: Escapes = {
  pattern: /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|["'\\\/bfnrt])/g,
  read(escape) {
    if (escape.length > 2) return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
    const letters: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
    return letters[escape.charAt(1)] ?? escape.charAt(1);
  },
  half: /\\(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?$/,
};
const url: Escapes = {
  pattern: /%[0-7][0-9a-fA-F]/g,
  read: (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  half: /%[0-9a-fA-F]?$/,
};
/** In the query of a URL. */
const plus: Escapes = { pattern: /\+/g, read: () => " ", half: /$^/ };
/** Bytes in hexadecimal with signs between them. */
const spacedHex: Escapes = {
  pattern: /(?<=[0-9a-fA-F]{2})[ :](?=[0-9a-fA-F]{2})/g,
  read: () => "",
  half: /$^/,
};
const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const html: Escapes = {
  pattern: /&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5});/g,
  read(escape) {
    const name = escape.slice(1, -1);
    if (!name.startsWith("#")) return names[name] ?? "";
    return String.fromCharCode(Number(/^#x/i.test(name) ? `0x${name.slice(2)}` : name.slice(1)) % 0x10000);
  },
  half: /&[#a-zA-Z0-9]{0,7}$/,
};

/** Colours of a terminal, of whose escape sign something has made text. */
// deno-lint-ignore no-control-regex
const colours: Escapes = { pattern: /\x1b\[[0-9;]*m/g, read: () => "", half: /$^/ };
const sign: Escapes = { pattern: /\\(?:u001[bB]|x1[bB]|033|e(?=\[))/g, read: () => "\x1b", half: /$^/ };

/** In which order escapes are read; JSON is often text within JSON, and holds URLs. */
const ways: readonly (readonly Escapes[])[] = [
  [json],
  [json, json],
  [url],
  [plus, url],
  [json, url],
  [html],
  [spacedHex],
  [sign, colours],
  [sign, colours, json],
];

/** A text without line ends and the blanks around them, by which programs and terminals part long words. */
export function withoutBreaks(text: string): Mapped {
  const whole = { text, begins: null, ends: null, length: text.length };
  return text.includes("\n")
    ? replace(whole, { pattern: /(?<![ \t])[ \t]*\n[ \t]*/g, read: () => "" })
    : whole;
}

/** The text as it stands, and in each way in which it reads otherwise. */
export function* views(text: Mapped): Generator<DecodedText> {
  const end = text.text.slice(-8);
  const halves = [json, url, html].map(({ half }) => half.exec(end)?.[0].length ?? 0);
  const halfEscape = Math.max(...halves);
  yield view(text, halfEscape);
  for (const way of ways) {
    const read = way.reduce(replace, text);
    if (read.text !== text.text) yield view(read, halfEscape);
  }
}

function view({ text, begins, ends, length }: Mapped, halfEscape: number): DecodedText {
  return {
    text,
    halfEscape,
    at: (index, side = "begin") =>
      side === "end" ? ends?.[index] ?? index + 1 : index >= text.length ? length : begins?.[index] ?? index,
  };
}

/** Reads escapes, each of one character or none, and keeps account of where the others come from. */
function replace(
  { text, begins, ends, length }: Mapped,
  { pattern, read }: Pick<Escapes, "pattern" | "read">,
): Mapped {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return { text, begins, ends, length };
  const newBegins = new Uint32Array(text.length);
  const newEnds = new Uint32Array(text.length);
  const parts: string[] = [];
  let size = 0;
  let from = 0;
  const keep = (to: number) => {
    parts.push(text.slice(from, to));
    for (let index = from; index < to; index++, size++) {
      newBegins[size] = begins?.[index] ?? index;
      newEnds[size] = ends?.[index] ?? index + 1;
    }
  };
  for (const match of matches) {
    keep(match.index);
    const character = read(match[0]);
    from = match.index + match[0].length;
    if (character === "") continue;
    parts.push(character);
    newBegins[size] = begins?.[match.index] ?? match.index;
    newEnds[size] = ends?.[from - 1] ?? from;
    size++;
  }
  keep(text.length);
  return { text: parts.join(""), begins: newBegins, ends: newEnds, length };
}

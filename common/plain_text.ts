/**
 * Text from outside, made fit to be read: what a recipe, a program or a forge says may hold characters that move a
 * terminal's cursor, turn the order of what stands beside them, or are not seen at all. All programs clean such text
 * here, so that there is one answer to which characters these are.
 */

/**
 * What never stays, by its Unicode property, so that characters of later Unicode versions are met as well:
 * - `Cc`: controls C0 and C1, and DEL;
 * - `Cf`: formats, which include the turning ones (U+061C, U+200E, U+200F, U+202A-E, U+2066-9), zero width (U+200B-D,
 *   U+2060, U+FEFF), interlinear annotations (U+FFF9-B) and tags (U+E0000-7F);
 * - `DI`: whatever else is invisible by definition: fillers, joiners and variation selectors, in which whole messages
 *   can be hidden;
 * - `Noncharacter_Code_Point`: these are no characters, and XML cannot hold them.
 *
 * The soft hyphen (U+00AD) is among the formats and goes too: it is invisible inside a line, so that two names which
 * look alike could differ. The joiners that Persian and Indic words are shaped with go for the same reason; the words
 * stay readable. Only the joiner between two emoji and the selector behind one stay: they decide what is seen there.
 */
const hidden = new RegExp(
  String.raw`[[\p{Cc}\p{Cf}\p{DI}\p{Noncharacter_Code_Point}]--[\n\t]]` +
    String.raw`(?<!\p{ExtPict}\p{EMod}?\ufe0f)(?<!\p{ExtPict}\p{EMod}?\ufe0f?\u200d(?=\p{ExtPict}))`,
  "gv",
);

/** What ends a line for some readers only: a carriage return, NEL, and the separators of lines and paragraphs. */
const lineEnd = /\r\n?|[\u0085\u2028\u2029]/g;

/** Sequences that a terminal obeys. One that is not closed in its line is left, so that it takes nothing along. */
const escape =
  // deno-lint-ignore no-control-regex -- control characters are what this is about
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b\([ -~]|\x1b[@-Z\\^-~]/g;

/**
 * The text without colours, cursor movements, and characters that turn or hide what stands beside them. Line breaks
 * (as `\n`) and tabs stay. Half a surrogate pair becomes U+FFFD.
 */
export function plainText(text: string): string {
  return text.replace(lineEnd, "\n").replace(escape, "").replace(hidden, "").toWellFormed();
}

/** {@linkcode plainText} on one line: line breaks become blanks, everything else keeps its place. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll("\n", " ");
}

/** {@linkcode plainLine} as prose: tabs and runs of blanks become one blank, and none is at either end. */
export function oneLine(text: string): string {
  return plainText(text).replace(/\s+/g, " ").trim();
}

/**
 * The same value with every text in it made {@linkcode plainText}. What comes from outside is cleaned so once, when it
 * comes in: whatever shows it later need not think of that.
 */
export function plainWords<T>(said: T): T;
export function plainWords(said: unknown): unknown {
  if (typeof said === "string") return plainText(said);
  if (Array.isArray(said)) return said.map((one) => plainWords<unknown>(one));
  if (typeof said !== "object" || said === null) return said;
  return Object.fromEntries(Object.entries(said).map(([key, value]) => [key, plainWords<unknown>(value)]));
}

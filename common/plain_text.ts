/**
 * Cleans text from outside. What a recipe, a program or a forge says may hold characters that move a terminal's cursor,
 * reverse the order of the text beside them, or are invisible. All programs clean such text with these functions, so
 * that the set of such characters is defined in one place.
 */

/**
 * Characters that are removed, named by Unicode property so that characters of later Unicode versions match as well:
 * - `Cc`: controls C0 and C1, and DEL;
 * - `Cf`: formats, which include the turning ones (U+061C, U+200E, U+200F, U+202A-E, U+2066-9), zero width (U+200B-D,
 *   U+2060, U+FEFF), interlinear annotations (U+FFF9-B) and tags (U+E0000-7F);
 * - `DI`: whatever else is invisible by definition: fillers, joiners and variation selectors, in which whole messages
 *   can be hidden;
 * - `Noncharacter_Code_Point`: these are no characters, and XML cannot hold them.
 *
 * The soft hyphen (U+00AD) is among the formats and is removed too: it is invisible inside a line, so that two names
 * which look alike could differ. The joiners that shape Persian and Indic words are removed for the same reason; the
 * words stay readable. Only the joiner between two emoji and the selector behind one are kept, because they decide
 * which picture is shown.
 */
const hidden = new RegExp(
  String.raw`[[\p{Cc}\p{Cf}\p{DI}\p{Noncharacter_Code_Point}]--[\n\t]]` +
    String.raw`(?<!\p{ExtPict}\p{EMod}?\ufe0f)(?<!\p{ExtPict}\p{EMod}?\ufe0f?\u200d(?=\p{ExtPict}))`,
  "gv",
);

/**
 * Characters that only some readers take for a line end: a carriage return, NEL, and the separators of lines and
 * paragraphs.
 */
const lineEnd = /\r\n?|[\u0085\u2028\u2029]/g;

/**
 * Sequences that a terminal obeys. A sequence that is not closed on its line is left in place, because removing it
 * would remove text that does not belong to it.
 */
const escape =
  // deno-lint-ignore no-control-regex -- this expression removes control characters
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b\([ -~]|\x1b[@-Z\\^-~]/g;

/** The text without the sequences that a terminal obeys. Lone controls stay, among them carriage returns. */
export function withoutSequences(text: string): string {
  return text.replace(escape, "");
}

/**
 * The text without colours, cursor movements, and characters that turn or hide what stands beside them. Line breaks
 * (as `\n`) and tabs stay. Half a surrogate pair becomes U+FFFD, and does so first: two halves that a removed
 * character parted would otherwise join to a character that nobody has looked at.
 */
export function plainText(text: string): string {
  return withoutSequences(text.toWellFormed().replace(lineEnd, "\n")).replace(hidden, "");
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
 * The same value with {@linkcode plainText} applied to every text in it. Whatever comes from outside is cleaned once,
 * when it comes in, so that code which shows it later does not have to.
 */
export function plainWords<T>(said: T): T;
export function plainWords(said: unknown): unknown {
  if (typeof said === "string") return plainText(said);
  if (Array.isArray(said)) return said.map((one) => plainWords<unknown>(one));
  if (typeof said !== "object" || said === null) return said;
  return Object.fromEntries(Object.entries(said).map(([key, value]) => [key, plainWords<unknown>(value)]));
}

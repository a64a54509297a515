import { distance } from "../../common/spelling.ts";
import { looseLines } from "./plain_lines.ts";

const longestAttempt = 60;
/** How many words may follow what was meant as a command. */
const mostAfter = 3;
/** Words that people put around a command, without apostrophes. Any others make it a sentence that only speaks of the command. */
const courtesies = new Set(
  ("please pls plz ok okay hey hi hello now and then can could you cc-ci bot again thanks thx lets do run bitte " +
    "lgtm done fixed rebased updated ready danke merci gracias sil vous plaît por favor")
    .split(" "),
);
/** How many words of any kind may stand before a command, if a comma or the like divides it from them. */
const mostBefore = 3;
/** What nobody sees: direction marks, joiners, variation selectors, spaces without a width. */
const unseen = /\p{Default_Ignorable_Code_Point}/gu;
/** What people put around a word to make it stand out, tags of HTML included. */
const wrapping = /<\/?[a-z]{1,10} ?\/?>|[`*_~"“”„‟'‘’‚«»‹›「」『』()[\]{}]/gi;
/** Signs that look like `!` and are others. */
const marks = /[¡ǃ❗❕]/g;

/**
 * A line that was probably meant as a command: spelt wrongly, with an invisible character, in code, with a word too
 * many, above a signature or in what Markdown takes for the rest of a quote.
 */
export function nearMiss(body: string): string | null {
  return looseLines(body, { isSought: isMeant })[0] ?? null;
}

function isMeant(line: string): boolean {
  if (/\]\(|\|/.test(line)) return false; // a link's text, or a table
  // Full-width letters become usual ones.
  const plain = line.replace(/&nbsp;/g, " ").normalize("NFKC").replace(unseen, "").replace(marks, "!");
  const words = plain.replace(wrapping, "").split(/\s+/).filter((word) => word !== "");
  if (plain.length > longestAttempt) return false;
  if (words.length === 1 && bare(words[0] ?? "") === "testme") return true;
  const at = words.findIndex((_, index) => lengthOf(words, index) > 0);
  if (at < 0) return false;
  const after = words.slice(at + lengthOf(words, at));
  if (!words.slice(0, at).every(isCourtesy) && !isDivided(words.slice(0, at))) return false;
  // In code it is more often told of than meant, unless it is a whole command.
  const most = plain.includes("`") ? 0 : mostAfter;
  const isWhole = after.length === 1 && /^(cancel|help|[0-9a-f]{1,64})$/.test(after[0] ?? "");
  return isWhole || after.length <= most || after.every(isCourtesy);
}

/** Signs and pictures say nothing about the command either. */
function isCourtesy(word: string): boolean {
  return courtesies.has(bare(word)) || word.startsWith("@") || !/[\p{L}\p{N}]/u.test(word);
}

function isDivided(before: readonly string[]): boolean {
  return before.length <= mostBefore && /[,.;!]$/.test(before.at(-1) ?? "");
}

/** How many words, from one on, make up what was meant as `!testme`; 0 if they do not. */
function lengthOf(words: readonly string[], at: number): number {
  const word = bare(words[at] ?? "").replace(/^[^\p{L}\p{N}!/\\]+/u, "");
  if (!/^[!/]/.test(word)) return 0;
  for (const length of [3, 2]) {
    const joined = [word, ...words.slice(at + 1, at + length).map(bare)].join("");
    if (words.length >= at + length && /^[!/]testme$/.test(joined)) return length;
  }
  return /^!testme[-:.,]?(cancel|help)$/.test(word) || distance(word, "!testme") <= 2 ? 1 : 0;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/(?<=.)[.,;:!?…]+$/, "");
}

import { distance } from "../../common/spelling.ts";
import { looseLines } from "./plain_lines.ts";

const longestAttempt = 60;
/** How many words may follow what was meant as a command. */
const mostAfter = 3;
/** Words that people put around a command. Any others make it a sentence that only speaks of the command. */
const courtesies = new Set(
  "please pls plz ok okay hey hi hello now and then can could you cc-ci bot again thanks thx lets let's do run bitte"
    .split(" "),
);

/**
 * A line that was probably meant as a command: spelt wrongly, with an invisible character, in code, with a word too
 * many, above a signature or in what Markdown takes for the rest of a quote.
 */
export function nearMiss(body: string): string | null {
  return looseLines(body, { isSought: isMeant })[0] ?? null;
}

function isMeant(line: string): boolean {
  // Full-width letters become usual ones; what nobody sees goes.
  const plain = line.normalize("NFKC").replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, "");
  const words = plain.replace(/[`*"“”„‘’]/g, "").split(/\s+/).filter((word) => word !== "");
  if (plain.length > longestAttempt) return false;
  const at = words.findIndex((_, index) => lengthOf(words, index) > 0);
  if (at < 0) return false;
  const after = words.slice(at + lengthOf(words, at));
  const isCourtesy = (word: string) => courtesies.has(bare(word)) || word.startsWith("@");
  if (!words.slice(0, at).every(isCourtesy)) return false;
  // In code it is more often told of than meant, unless it is a whole command.
  const most = plain.includes("`") ? 0 : mostAfter;
  const isWhole = after.length === 1 && /^(cancel|help|[0-9a-f]{1,64})$/.test(after[0] ?? "");
  return isWhole || after.length <= most || after.every(isCourtesy);
}

/** How many words, from one on, make up what was meant as `!testme`; 0 if they do not. */
function lengthOf(words: readonly string[], at: number): number {
  const word = bare(words[at] ?? "");
  if (!/^[!/]/.test(word)) return 0;
  if (`${word}${bare(words[at + 1] ?? "")}` === "!testme") return 2;
  return distance(word, "!testme") <= 2 ? 1 : 0;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/(?<=.)[.,;:!?…]+$/, "");
}

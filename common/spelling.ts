/**
 * Counts the edits (insert, delete, replace) that turn one word into another. The time it takes grows with the product
 * of the lengths.
 */
export function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/**
 * The known word that somebody who wrote `word` probably meant. Two letters may be wrong, one in a word of two to four
 * letters, and none in a shorter one. Two neighbours that have changed places are one.
 * @param of.wrong how many letters may be wrong at most
 */
export function probablyMeant(
  word: string,
  known: readonly string[],
  { wrong = 2 }: { wrong?: number } = {},
): string | null {
  const lower = word.toLowerCase();
  const most = Math.min(wrong, Math.floor((word.length + 1) / 3));
  const near = known
    .filter((one) => Math.abs(one.length - word.length) <= most)
    .map((one) => ({ one, edits: editsBetween(lower, one.toLowerCase()) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.one ?? null;
}

/** What somebody who named something else probably meant, as the end of a sentence; empty: nothing that is known. */
export function meantAs(name: string, known: readonly string[]): string {
  const near = known.includes(name) ? null : probablyMeant(name, known);
  return near === null ? "" : `, probably meant as "${near}"`;
}

function editsBetween(word: string, one: string): number {
  const at = [...word].findIndex((letter, index) => letter !== one[index]);
  const swapped = `${word.slice(0, at)}${word[at + 1] ?? ""}${word[at] ?? ""}${word.slice(at + 2)}`;
  return at !== -1 && swapped === one ? 1 : distance(word, one);
}

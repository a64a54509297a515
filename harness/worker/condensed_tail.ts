/** Lines that a report keeps of a service's log. */
const MOST_LINES = 50;
/** So many lines that are alike are shown as they are. */
const FEW = 2;

/**
 * The last lines of a log, where of lines that are alike and follow each other the last one stands for all: a health
 * check that asks every second fills a log with lines that differ in their time alone, and what matters is above them.
 */
export function condensedTail(lines: readonly string[]): string[] {
  const groups: string[][] = [];
  for (const line of lines) {
    const group = groups.at(-1);
    if (group !== undefined && shape(group[0] ?? "") === shape(line)) group.push(line);
    else groups.push([line]);
  }
  return groups.flatMap((group) =>
    group.length <= FEW
      ? group
      : [`… ${group.length - 1} lines like the next one were left out`, ...group.slice(-1)]
  ).slice(-MOST_LINES);
}

/** A line without what changes from one time to the next: numbers, and identifiers in hexadecimal. */
function shape(line: string): string {
  return line.replace(/\b[0-9a-f]*[0-9][0-9a-f]*\b|\d+/gi, "0");
}

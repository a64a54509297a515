/**
 * Reads tables that abra draws for people. What they are drawn with differs between versions (`┃`, `│`, `|`), lines of
 * the log may stand before, between and behind the rows, and a cell that is too wide goes on in the lines below.
 */

export interface TableReading {
  /** Whether a line of cells is the first of its row. One that is not goes on with the row above. */
  begins: (cells: readonly string[]) => boolean;
}

/** Rows of the first table among the lines, keyed by the column heads in small letters. */
export function tableRows(lines: readonly string[], { begins }: TableReading): Record<string, string>[] {
  const table = lines.map((line) => line.trim()).filter((line) => isCells(line) || isRule(line));
  const first = table.findIndex(isCells);
  const bar = table[first]?.[0];
  if (bar === undefined) return [];
  const drawn = table.slice(first).map((line) => isRule(line) ? null : cellsOf(line, bar));
  // Heads, too, may take several lines; a rule ends them. A table without such a rule has heads of one line.
  const rule = drawn.indexOf(null);
  const above = drawn.slice(0, rule < 0 ? 1 : rule).filter((cells) => cells !== null);
  const inHead = above.some((cells, index) => index > 0 && begins(cells)) ? above.slice(0, 1) : above;
  const heads = inHead.reduce(joined).map((cell) => cell.toLowerCase());

  const rows: string[][] = [];
  for (const cells of drawn.slice(inHead.length)) {
    if (cells === null) continue;
    const last = rows.pop();
    if (last === undefined) rows.push(cells);
    else if (begins(cells)) rows.push(last, cells);
    else rows.push(joined(last, cells));
  }
  return rows.map((cells) => Object.fromEntries(heads.map((head, index) => [head, cells[index] ?? ""])));
}

/** Lines with cells begin and end with the same bar, lines of the log do not. */
function isCells(line: string): boolean {
  return /^([│┃║|]).*\1$/.test(line) && !isRule(line);
}

/** A line that only draws: `┣━━━╋━━━┫`, `+---+---+`, `|---|---|`. */
function isRule(line: string): boolean {
  return /^(?=.*[-─━═=])[\u2500-\u257f|+:=-]{3,}$/.test(line);
}

function cellsOf(line: string, bar: string): string[] {
  return line.split(bar).slice(1, -1).map((cell) => cell.trim());
}

/** Two lines of one row as one. A word that was broken at its hyphen is whole again. */
function joined(above: readonly string[], below: readonly string[]): string[] {
  return Array.from({ length: Math.max(above.length, below.length) }, (_, index) => {
    const [start = "", end = ""] = [above[index], below[index]];
    if (start === "" || end === "" || /\w-$/.test(start)) return start + end;
    return `${start} ${end}`;
  });
}

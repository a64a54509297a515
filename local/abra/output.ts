import { CcciError } from "../../common/errors.ts";
import { write, writeError } from "../../common/output.ts";

/**
 * Ends the command with exit code 1 and `FATA <message>` on stderr. The messages are abra's own where they are
 * known, so they start in lower case and callers may look for them.
 */
export class Fatal extends CcciError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super("abra.fatal", message, options);
  }
}

/** What a caller may parse: tables and JSON go to stdout, everything said about the work to stderr. */
export function print(text: string): void {
  write(`${text}\n`);
}

export function say(level: "DEBU" | "INFO" | "WARN" | "FATA", message: string): void {
  writeError(`${level} ${message}\n`);
}

/** A plain table: the header, a rule, one line a row. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length))
  );
  const line = (cells: string[]) =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** Columns of a cell; what is longer goes on in the next line, as in the tables of abra 0.13 that people have shown. */
const CELL = 40;

/** A table with borders, as abra draws those that are meant for people only. */
export function bordered(header: string[], rows: string[][]): string {
  // A mark takes two columns of a terminal.
  const columns = (text: string) => text.length + (text.match(/[✅❌]/g)?.length ?? 0);
  const broken = rows.map((row) => row.map(wrapped));
  const widths = header.map((title, column) =>
    Math.max(columns(title), ...broken.flatMap((row) => row[column] ?? []).map(columns))
  );
  const padded = (cell: string, width: number) => cell + " ".repeat(width - columns(cell));
  const line = (cells: (string | undefined)[]) =>
    `┃ ${widths.map((width, column) => padded(cells[column] ?? "", width)).join(" ┃ ")} ┃`;
  const rule = (ends: [string, string, string]) =>
    ends[0] + widths.map((width) => "━".repeat(width + 2)).join(ends[1]) + ends[2];
  const linesOf = (row: string[][]) =>
    Array.from(
      { length: Math.max(...row.map((cell) => cell.length)) },
      (_, at) => row.map((cell) => cell[at]),
    );
  return [
    rule(["┏", "┳", "┓"]),
    line(header),
    rule(["┣", "╋", "┫"]),
    ...broken.flatMap(linesOf).map(line),
    rule(["┗", "┻", "┛"]),
  ].join("\n");
}

/** A cell's lines: it is broken at blanks, and where a word alone is too long, inside of that. */
function wrapped(cell: string): string[] {
  const words = cell.split(" ").flatMap((word) => word.match(new RegExp(`.{1,${CELL}}`, "gu")) ?? [""]);
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= CELL) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** @throws {Fatal} where the command has no terminal, which some commands of abra want with `-n` as well. */
export function requireTerminal(): void {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
    throw new Fatal("inappropriate ioctl for device");
  }
}

/**
 * Asks before something is done that cannot be taken back. With `-n` nobody is asked. Without it the answer is read
 * from stdin whatever that is: an open pipe makes abra hang, a closed one makes it fail.
 * @throws {Fatal} when nobody answers or the answer is not yes.
 */
export async function confirm(question: string, options: { ask: boolean }): Promise<void> {
  if (!options.ask) return;
  writeError(`? ${question} (y/N) `);
  const answer = new Uint8Array(256);
  const length = await Deno.stdin.read(answer);
  if (length === null) throw new Fatal("EOF");
  const text = new TextDecoder().decode(answer.subarray(0, length)).trim().toLowerCase();
  if (text !== "y" && text !== "yes") throw new Fatal("cancelled");
}

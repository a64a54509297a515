/**
 * Reads what abra prints for people. abra's backup commands and its lint have no JSON output. These parsers have been
 * tested on the output of the stand-in alone, which follows what users of abra 0.13 have published.
 */

/** One snapshot of an app in the backup bot's repository. */
export interface BackupSnapshot {
  id: string;
  /** Milliseconds since the epoch. */
  time: number;
}

/** One row of `abra recipe lint`. */
export interface LintRow {
  /** `R001` and so on. */
  rule: string;
  description: string;
  severity: "error" | "warning";
  satisfied: boolean;
  skipped: boolean;
  /** What abra advises to do about it. */
  help: string;
}

/**
 * Reads the lines that hold a time and an id, as the bot lists its snapshots:
 * `2026-05-04T03:30:11.123456+00:00 4f2a91c7`.
 * @returns oldest first
 */
export function parseSnapshots(lines: readonly string[]): BackupSnapshot[] {
  const found = lines.flatMap((line) => {
    const time = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?/.exec(line)?.[0];
    const id = /\b[0-9a-f]{8,64}\b/.exec(line.replace(time ?? "", ""))?.[0];
    if (time === undefined || id === undefined) return [];
    const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
    return [{ id, time: Date.parse(zoned.replace(" ", "T").replace(/(\.\d{3})\d+/, "$1")) }];
  });
  return found.toSorted((a, b) => a.time - b.time);
}

/** A line of the backup bot's log as people read it; the bot writes JSON when abra has called it. */
export function plainBotLine(line: string): string {
  if (!/^\s*\{.*"message_type".*\}\s*$/.test(line)) return line;
  try {
    const { message_type: level, message } = JSON.parse(line);
    return `${String(level).toUpperCase()}: ${message}`;
  } catch {
    return line;
  }
}

/** Why the backup bot failed, taken from its own last error, because abra only says `Status: , Code: 1`. */
export function botReason(lines: readonly string[]): string | null {
  const last = lines.findLast((line) => /^(?:ERROR|CRITICAL)\b/.test(line));
  return last?.replace(/^\w+[:\s]*/, "").trim() ?? null;
}

/** What the backup bot says of hooks that failed; it goes on after each of them, and ends with 0. */
export function failedHooks(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const said = /^ERROR[:\s]*(Failed to run command\b.*)$/s.exec(line.trim())?.[1];
    return said === undefined ? [] : [said.replace(/\s+/g, " ").trim()];
  });
}

/** Whether the Engine refused the bot a hook because it was just replacing the hook's container. */
export function isBeingReplaced(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /\b409\b.*\b(client error|conflict)\b|\bcontainer \S+ is (not running|restarting)|contains hooks but it's not running/i
      .test(line)
  );
}

/** Reads the rows of lint's table. A cell that abra broke over several lines is joined again. */
export function parseLint(lines: readonly string[]): LintRow[] {
  return tableRows(lines).filter((row) => /^R\d{3}$/.test(row.ref ?? "")).map((row) => ({
    rule: row.ref ?? "",
    description: row.rule ?? "",
    severity: /^(error|critical)/i.test(row.severity ?? "") ? "error" : "warning",
    satisfied: isYes(row.satisfied),
    skipped: isYes(row.skipped),
    help: row["how to fix"] ?? row.resolve ?? "",
  }));
}

/**
 * Reads the names of `.env.sample` that `abra app check` does not find in the app's settings. Only the contract with
 * abra calls this.
 */
export function parseCheck(lines: readonly string[]): string[] {
  return tableRows(lines).flatMap((row) => {
    const [name = "", there] = Object.values(row);
    return /^[A-Za-z_]\w*$/.test(name) && there !== undefined && !isYes(there) ? [name] : [];
  });
}

/** Rows of a table, keyed by the column heads in small letters, whatever characters draw its lines. */
function tableRows(lines: readonly string[]): Record<string, string>[] {
  const cellsOf = (line: string) => {
    const cells = line.split(/[│┃║|]/).map((cell) => cell.trim());
    return cells.length < 3 ? [] : cells.slice(1, -1);
  };
  let head: string[] = [];
  const rows: Record<string, string>[] = [];
  for (const line of lines) {
    const cells = cellsOf(line);
    if (cells.length === 0 || cells.every((cell) => /^[-─━═+:]*$/.test(cell))) continue;
    const last = rows.at(-1);
    if (head.length === 0) head = cells.map((cell) => cell.toLowerCase());
    else if (cells[0] === "" && last !== undefined) {
      for (const [index, name] of head.entries()) {
        last[name] = [last[name], cells[index]].filter((part) => part).join(" ");
      }
    } else rows.push(Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ""])));
  }
  return rows;
}

function isYes(cell = ""): boolean {
  return /^(✅|✔|✓|yes|true)/i.test(cell);
}

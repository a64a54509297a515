import * as z from "zod";
import { tableRows } from "./table.ts";

/**
 * Reads what abra prints. abra's backup commands and its lint have no JSON output. What these parsers have been tried
 * on lies in `transcripts/`, whose README says who made which.
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
    const time = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)?/.exec(line)?.[0];
    const id = /\b[0-9a-f]{8,64}\b/.exec(line.replace(time ?? "", ""))?.[0];
    if (time === undefined || id === undefined) return [];
    const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
    const iso = zoned.replace(" ", "T").replace(" ", "").replace(/(\.\d{3})\d+/, "$1");
    return [{ id, time: Date.parse(iso) }];
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
  return errorsOf(lines).filter(isOfHook);
}

/** The backup bot's own errors, each in one line, without those that are about hooks. */
export function botErrors(lines: readonly string[]): string[] {
  return errorsOf(lines).filter((said) => !isOfHook(said));
}

function errorsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const said = /^(?:ERROR|CRITICAL)\b[:\s]*(.*)$/s.exec(line.trim())?.[1];
    return said === undefined ? [] : [said.replace(/\s+/g, " ").trim()];
  });
}

function isOfHook(said: string): boolean {
  return /^Failed to run command\b/.test(said);
}

/** Whether somebody else has the backup bot's repository for himself. */
export function isRepositoryLocked(lines: readonly string[]): boolean {
  return botErrors(lines).some((said) => said.includes("already locked"));
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
  const isRef = (cell = "") => /^R\d{3}$/.test(cell);
  return tableRows(lines, { begins: ([ref]) => isRef(ref) }).filter(({ ref }) => isRef(ref)).map((row) => ({
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
  return tableRows(lines, { begins: ([, there]) => isMark(there) }).flatMap((row) => {
    const [words = "", there] = Object.values(row);
    const name = words.replaceAll(" ", ""); // a name has no blanks, so those in it are where its cell was broken
    return /^[A-Za-z_]\w*$/.test(name) && there !== undefined && !isYes(there) ? [name] : [];
  });
}

function isMark(cell = ""): boolean {
  return isYes(cell) || /^(❌|✗|✘|no\b|false)/i.test(cell);
}

function isYes(cell = ""): boolean {
  return /^(✅|✔|✓|yes|true)/i.test(cell);
}

/**
 * Values of JSON that stand in what a program printed, from the first line that begins one. Lines of a log may stand
 * before and behind each, and may hold brackets, too.
 */
function* jsonValues(lines: readonly string[]): Generator<unknown> {
  for (let from = 0; from < lines.length; from++) {
    if (!/^\s*[[{]/.test(lines[from] ?? "")) continue;
    for (let to = lines.length; to > from; to--) {
      if (!/[\]}]\s*$/.test(lines[to - 1] ?? "")) continue;
      const value = parsed(lines.slice(from, to).join("\n"));
      if (value === undefined) continue;
      yield value;
      from = to - 1;
      break;
    }
  }
}

/** The value of a JSON text; undefined for any other. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const generatedSecrets = z.array(z.object({ name: z.string(), value: z.string() }).loose());
const secretsByName = z.record(z.string(), z.string());

/**
 * Reads what `abra app secret generate -m` prints: a list of `{name, value}`, or an object of values by name. Null:
 * there is neither.
 */
export function parseSecrets(lines: readonly string[]): Record<string, string> | null {
  for (const value of jsonValues(lines)) {
    const listed = generatedSecrets.safeParse(value);
    if (listed.success) return Object.fromEntries(listed.data.map(({ name, value }) => [name, value]));
    const named = secretsByName.safeParse(value);
    if (named.success) return named.data;
  }
  return lines.some((line) => line.trim() === "null") ? {} : null; // Go's word for a list without entries
}

/**
 * Why a call failed, as far as abra says so: its own last word, or what the backup bot said, where abra's word is only
 * that the bot failed.
 * @param lines what abra printed, plain
 */
export function refusal(lines: readonly string[]): string | null {
  const last = lastWord(lines);
  return failedInside(lines) ? botReason(lines) ?? last : last;
}

/** Whether abra's last word is only that something which it ran in a container has failed. */
export function failedInside(lines: readonly string[]): boolean {
  return /^Status: .*Code: \d+/.test(lastWord(lines) ?? "");
}

/**
 * The reason that abra gives at its end, `FATA <reason>`, or else its last error. Null: it gives none.
 * @param lines what abra printed, plain
 */
function lastWord(lines: readonly string[]): string | null {
  for (const level of [/\bFATA\b/, /\bERRO\b/, /^Error:/]) {
    const line = lines.findLast((one) => level.test(one));
    if (line === undefined) continue;
    // With --debug the place in abra's source stands before the reason.
    return line.replace(
      new RegExp(`^.*?${level.source}(?:\\[[^\\]]*\\])?:?\\s*(?:<[\\w./-]+:\\d+>\\s*)?`),
      "",
    );
  }
  return null;
}

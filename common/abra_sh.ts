import type { OddLine } from "./env_file.ts";

/** An odd line of an `abra.sh`. */
export interface OddExport extends OddLine {
  /** Every name that anybody might take it to set; null where that cannot be told. */
  names: string[] | null;
}

/**
 * An export as abra reads it: abra takes the script line by line and runs none of it, so the pattern covers the whole
 * line. It cuts the line at words and signs, so that a comment behind may not hold an assignment of its own.
 */
const plainExport =
  /^export ([A-Za-z_][A-Za-z0-9_]*)=([A-Za-z0-9_][A-Za-z0-9_.+-]*|"[A-Za-z0-9_.+-]*")(?:[ \t]+#(?!.*(?:=|export)).*)?$/;
/** Limits far above what any recipe needs. What lies beyond them is reported as odd and not read. */
const limits = { text: 100_000, line: 4_096 };
/**
 * Text that would export something if a shell ran the script: `export`, `declare -x`, `set -a`, also behind other
 * commands.
 */
const anyExport =
  /(?:^|[;&|({`]|\b(?:then|do|else|builtin|command)\b)\s*\\?(?:export\b(?![-=.:/])|(?:declare|typeset|local|readonly)\s+-\w*x|set\s+-\w*a\b|set\s+-o\s+allexport)/;

/**
 * Reads configuration versions from the `export NAME=value` lines of a recipe's `abra.sh`. The script is never run.
 * Lines whose value a shell would have to work out are left out.
 */
export function parseAbraSh(text: string): Record<string, string> {
  const exports: [string, string][] = [];
  for (const line of text.slice(0, limits.text).split(/\r?\n/)) {
    if (line.length > limits.line) continue;
    const [, name, value] = plainExport.exec(line) ?? [];
    if (name !== undefined && value !== undefined) exports.push([name, value.replaceAll('"', "")]);
  }
  return Object.fromEntries(exports);
}

/**
 * Lines of an `abra.sh` that export something in another form than `export NAME=word` or `export NAME="word"`, and
 * second exports of another value: other readers may see something else there.
 */
export function oddAbraShLines(text: string): OddExport[] {
  const odd: OddExport[] = [];
  const seen = new Map<string, string>();
  if (text.length > limits.text) {
    odd.push({
      line: 1,
      names: null,
      problem: `is not alone: the file is longer than ${limits.text} characters`,
    });
  }
  for (const [index, content] of text.slice(0, limits.text).split(/\r?\n/).entries()) {
    const line = index + 1;
    if (content.length > limits.line) {
      if (/export|-\w*x|set/.test(content)) {
        odd.push({ line, names: null, problem: `is longer than ${limits.line} characters` });
      }
      continue;
    }
    const match = plainExport.exec(content);
    if (match === null) {
      if (/^\s*#/.test(content) || !anyExport.test(content)) continue;
      const name = /(?:export|-\w*x)\s+([A-Za-z_][A-Za-z0-9_]*)/.exec(content)?.[1];
      odd.push({
        line,
        ...(name === undefined ? {} : { name }),
        names: name === undefined ? null : namesIn(content),
        problem: "is not a plain export NAME=word",
      });
      continue;
    }
    const [, name = "", value = ""] = match;
    const before = seen.get(name);
    if (before !== undefined && before !== value) {
      odd.push({ line, name, names: [name], problem: "exports the variable a second time, another value" });
    }
    seen.set(name, value);
  }
  return odd;
}

/** Every name that a line may set or export; null for a line that sets what it does not name. */
function namesIn(content: string): string[] | null {
  if (/\bset\s+-|`|\beval\b|\\/.test(content)) return null;
  const assigned = [...content.matchAll(/([A-Za-z_]\w*)\+?=/g)].map(([, name = ""]) => name);
  const bare = [...content.matchAll(/\b(?:export|declare|typeset|local|readonly)\b([^=;|&]*)/g)]
    .flatMap(([, words = ""]) => words.match(/[A-Za-z_]\w*/g) ?? []);
  return [...new Set([...assigned, ...bare])];
}

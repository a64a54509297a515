import type { OddLine } from "./env_file.ts";

/** abra reads lines, not shell: from the beginning of the line to its end. */
const plainExport =
  /^export ([A-Za-z_][A-Za-z0-9_]*)=([A-Za-z0-9_][A-Za-z0-9_.+-]*|"[A-Za-z0-9_.+-]*")(?:[ \t]+#.*)?$/;
/** More than any recipe needs; what lies beyond is odd and not read. */
const limits = { text: 100_000, line: 4_096 };
/** Whatever would export something, could it be run: `export`, `declare -x`, `set -a`, behind other commands too. */
const anyExport =
  /(?:^|[;&|({`]|\b(?:then|do|else|builtin|command)\b)\s*\\?(?:export\b(?![-=.:/])|(?:declare|typeset|local|readonly)\s+-\w*x|set\s+-\w*a\b|set\s+-o\s+allexport)/;

/**
 * Configuration versions out of a recipe's `abra.sh`: its `export NAME=value` lines are read, the script is never
 * run. Values with anything a shell would have to work out are left alone.
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
export function oddAbraShLines(text: string): OddLine[] {
  const odd: OddLine[] = [];
  const seen = new Map<string, string>();
  if (text.length > limits.text) {
    odd.push({ line: 1, problem: `is not alone: the file is longer than ${limits.text} characters` });
  }
  for (const [index, content] of text.slice(0, limits.text).split(/\r?\n/).entries()) {
    const line = index + 1;
    if (content.length > limits.line) {
      if (/export|-\w*x|set/.test(content)) {
        odd.push({ line, problem: `is longer than ${limits.line} characters` });
      }
      continue;
    }
    const match = plainExport.exec(content);
    if (match === null) {
      if (/^\s*#/.test(content) || !anyExport.test(content)) continue;
      const name = /(?:export|-\w*x)\s+([A-Za-z_][A-Za-z0-9_]*)/.exec(content)?.[1];
      odd.push({ line, ...(name === undefined ? {} : { name }), problem: "is not a plain export NAME=word" });
      continue;
    }
    const [, name = "", value = ""] = match;
    const before = seen.get(name);
    if (before !== undefined && before !== value) {
      odd.push({ line, name, problem: "exports the variable a second time, another value" });
    }
    seen.set(name, value);
  }
  return odd;
}

/** One variable of an app's `.env`, with the modifiers from the comment behind it (`# length=32 charset=hex`). */
export interface Setting {
  name: string;
  value: string;
  modifiers: Record<string, string>;
}

/** A line that programs may read in different ways. */
export interface OddLine {
  /** From 1. */
  line: number;
  /** The variable that the line is about, if one can be made out. */
  name?: string;
  /** What is odd, as the end of a sentence about the line. */
  problem: string;
}

const namePattern = "[A-Za-z_][A-Za-z0-9_]*";

/** Limits far above what any recipe needs. What lies beyond them is reported as odd and not read. */
const limits = { text: 100_000, line: 4_096, settings: 1_000, value: 16_384 };
/** Characters of the longest line that is read. */
export const LONGEST_LINE = limits.line;

/**
 * Reads an app's `.env` or a recipe's `.env.sample` line by line. It ignores lines with `export`, takes quotes off,
 * replaces `$NAME` and `${NAME}` by values that stand further up (the `COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"`
 * idiom) and never by variables of this process, and keeps a trailing ` # …` comment as modifiers. Everything in this
 * project that reads such a file reads it with this function: if two readers differed, a recipe could show one value to
 * the checks and another one to the deploy.
 *
 * The time it takes grows no faster than the length of the text. {@linkcode oddEnvLines} names the lines that it left
 * out.
 * @param values what variables are set to instead, so that lines further down which refer to them get it too
 */
export function parseEnvFile(text: string, values: Readonly<Record<string, string>> = {}): Setting[] {
  return [...readLines(text, values)].flatMap(({ setting }) => setting ?? []);
}

interface ReadLine {
  /** From 1. */
  line: number;
  content: string;
  setting?: Setting;
  /** Why the line was not read. */
  problem?: string;
}

function* readLines(text: string, values: Readonly<Record<string, string>> = {}): Generator<ReadLine> {
  const known = new Map<string, string>();
  const lines = text.slice(0, limits.text).split(/\r?\n/);
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    if (text.length > limits.text && line === lines.length) {
      yield { line, content: "", problem: `is not read: the file is longer than ${limits.text} characters` };
      return;
    }
    if (blankOrComment.test(content)) {
      yield { line, content };
      continue;
    }
    if (content.length > limits.line) {
      yield { line, content: "", problem: `is longer than ${limits.line} characters` };
      continue;
    }
    const name = assignedName(content);
    if (name === null) {
      yield { line, content };
      continue;
    }
    const { value, literal, comment } = splitValue(content.slice(content.indexOf("=") + 1));
    const expanded = literal ? value : value.replaceAll(
      /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
      (_, braced, bare) => known.get(braced ?? bare) ?? "",
    );
    if (expanded.length > limits.value || (known.size >= limits.settings && !known.has(name))) {
      const problem = expanded.length > limits.value
        ? `comes to more than ${limits.value} characters`
        : `is one setting more than ${limits.settings}`;
      yield { line, content, problem };
      continue;
    }
    const settled = Object.hasOwn(values, name) ? values[name] ?? "" : expanded;
    known.set(name, settled);
    yield { line, content, setting: { name, value: settled, modifiers: parseModifiers(comment) } };
  }
}

/** The settings as a plain environment; the last of equal names wins. */
export function toEnvironment(settings: readonly Setting[]): Record<string, string> {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

/** The variable that a line assigns; null for a comment and any other line. */
export function assignedName(line: string): string | null {
  return new RegExp(`^\\s*(${namePattern})\\s*=`).exec(line)?.[1] ?? null;
}

function splitValue(rest: string): { value: string; literal: boolean; comment: string } {
  // No two parts of these patterns match the same text. Otherwise each backslash would double the time to try them.
  const quoted = /^\s*"((?:[^"\\]|\\.)*)"\s*(?:#(.*))?$/.exec(rest);
  if (quoted !== null) {
    const [, inner = "", comment = ""] = quoted;
    return { value: inner.replaceAll(/\\(["\\])/g, "$1"), literal: false, comment };
  }
  const single = /^\s*'((?:[^'\\]|\\.)*)'\s*(?:#(.*))?$/.exec(rest);
  if (single !== null) return { value: single[1] ?? "", literal: true, comment: single[2] ?? "" };
  const at = rest.search(/\s#/);
  if (at < 0) return { value: rest.trim(), literal: false, comment: "" };
  return { value: rest.slice(0, at).trim(), literal: false, comment: rest.slice(rest.indexOf("#", at) + 1) };
}

function parseModifiers(comment: string): Record<string, string> {
  return Object.fromEntries(
    [...comment.matchAll(/([a-z]+)=(\S+)/g)].map(([, key, value]) => [key ?? "", value ?? ""]),
  );
}

const blankOrComment = /^[ \t]*(?:#[^]*)?$/;
const trailing = "[ \\t]*(?:[ \\t]#.*)?";
/**
 * Lines that all dotenv readers read alike. Readers differ about blanks around `=`, a comment directly behind `=`,
 * escapes, quotes inside of values, and values without quotes that begin with `#`, so none of these match.
 */
const plainLine = new RegExp(
  `^(${namePattern})=(?:"([^"\\\\]*)"${trailing}|'([^'\\\\]*)'${trailing}|[ \\t]*|([^\\s"'\\\\#].*))$`,
);
/** A value without quotes, after a comment behind it was cut off. */
const plainText = /^[^"'\\]*$/;
/** Characters that some readers take for a line end or a blank, or do not show, while others do not. */
const oddCharacter =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufffd]/;

/**
 * Finds lines of a `.env.sample` that another reader might take differently, or that are too much to be read: lines
 * that are not blank, a comment or a plain `NAME=value`, and lines that refer to a variable which is not set further
 * up. A name that is assigned twice is not odd, because all readers take its last value.
 */
export function oddEnvLines(text: string): OddLine[] {
  const odd: OddLine[] = [];
  const seen = new Set<string>();
  for (const { line, content, problem } of readLines(text)) {
    if (blankOrComment.test(content) && problem === undefined) continue;
    const name = new RegExp(`^\\s*(?:export\\s+)?(${namePattern})\\s*[=:]`).exec(content)?.[1];
    const found = problem ??
      (oddCharacter.test(content)
        ? "holds a control character or an unusual blank"
        : formProblem(content, seen));
    if (found !== undefined) odd.push({ line, ...(name === undefined ? {} : { name }), problem: found });
    if (name !== undefined) seen.add(name);
  }
  return odd;
}

function formProblem(content: string, seen: ReadonlySet<string>): string | undefined {
  const [matched, , double, single, bare] = plainLine.exec(content) ?? [];
  const value = double ?? (bare === undefined ? "" : bare.split(/[ \t]#/)[0]) ?? "";
  if (matched === undefined || (bare !== undefined && !plainText.test(value))) {
    return "is not a plain NAME=value";
  }
  return single === undefined ? referenceProblem(value, seen) : undefined;
}

function referenceProblem(value: string, seen: ReadonlySet<string>): string | undefined {
  const rest = value.replaceAll(
    new RegExp(`\\$(?:\\{(${namePattern})\\}|(${namePattern}))`, "g"),
    (_, a, b) => {
      return seen.has(a ?? b) ? "" : "$";
    },
  );
  return rest.includes("$") ? "refers to something that is not set further up" : undefined;
}

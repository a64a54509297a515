/** One variable of an app's `.env`, with the modifiers of the comment behind it (`# length=32 charset=hex`). */
export interface Setting {
  name: string;
  value: string;
  modifiers: Record<string, string>;
}

/** A line that programs may read in different ways. */
export interface OddLine {
  /** From 1. */
  line: number;
  /** The variable at hand, where one can be made out. */
  name?: string;
  /** What is odd, as the end of a sentence about the line. */
  problem: string;
}

const namePattern = "[A-Za-z_][A-Za-z0-9_]*";

/** More than any recipe needs; what lies beyond is odd and not read. */
const limits = { text: 100_000, line: 4_096, settings: 1_000, value: 16_384 };

/**
 * Reads an app's `.env` or a recipe's `.env.sample` line by line: no `export`, quotes taken off, `$NAME` and `${NAME}`
 * replaced by what stands further up (the `COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"` idiom) and by nothing of
 * the process, a trailing ` # …` comment kept as modifiers. Everything in this project that reads such a file reads
 * it here: two readers that differ let a recipe show one value to the checks and another one to the deploy.
 *
 * The time it takes grows with the length of the text and no faster. {@linkcode oddEnvLines} names what was left out.
 */
export function parseEnvFile(text: string): Setting[] {
  return [...readLines(text)].flatMap(({ setting }) => setting ?? []);
}

interface ReadLine {
  /** From 1. */
  line: number;
  content: string;
  setting?: Setting;
  /** Why the line was not read. */
  problem?: string;
}

function* readLines(text: string): Generator<ReadLine> {
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
    known.set(name, expanded);
    yield { line, content, setting: { name, value: expanded, modifiers: parseModifiers(comment) } };
  }
}

/** The settings as a plain environment; the last of equal names wins. */
export function toEnvironment(settings: readonly Setting[]): Record<string, string> {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

/** The variable that a line assigns; null for comments and whatever else. */
export function assignedName(line: string): string | null {
  return new RegExp(`^\\s*(${namePattern})\\s*=`).exec(line)?.[1] ?? null;
}

function splitValue(rest: string): { value: string; literal: boolean; comment: string } {
  // No two parts of these patterns match the same text, so that there is one way to try and not one per backslash.
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
 * Forms that dotenv readers agree on. Not among them: blanks around `=`, a comment directly behind `=`, escapes, quotes
 * inside of values, and text without quotes that begins with `#`.
 */
const plainLine = new RegExp(
  `^(${namePattern})=(?:"([^"\\\\]*)"${trailing}|'([^'\\\\]*)'${trailing}|[ \\t]*|([^\\s"'\\\\#].*))$`,
);
/** Text without quotes, once a comment behind it is cut off. */
const plainText = /^[^"'\\]*$/;
/** Characters that end lines, vanish or count as blanks for some readers only. */
const oddCharacter =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufffd]/;

/**
 * Lines of a `.env.sample` that another reader might take differently, or that are too much to be read: those that are
 * not blank, a comment or a plain `NAME=value`, and references to what is not set further up. Of several assignments of
 * one name the last counts, as everywhere.
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

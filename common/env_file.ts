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

/**
 * Reads an app's `.env` or a recipe's `.env.sample` line by line: no `export`, quotes taken off, `$NAME` and `${NAME}`
 * replaced by what stands further up (the `COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"` idiom) and by nothing of
 * the process, a trailing ` # …` comment kept as modifiers. Everything in this project that reads such a file reads
 * it here: two readers that differ let a recipe show one value to the checks and another one to the deploy.
 */
export function parseEnvFile(text: string): Setting[] {
  const settings: Setting[] = [];
  const known = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const name = assignedName(line);
    if (name === null) continue;
    const { value, literal, comment } = splitValue(line.slice(line.indexOf("=") + 1));
    const expanded = literal ? value : value.replaceAll(
      /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
      (_, braced, bare) => known.get(braced ?? bare) ?? "",
    );
    known.set(name, expanded);
    settings.push({ name, value: expanded, modifiers: parseModifiers(comment) });
  }
  return settings;
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
  const quoted = /^\s*(["'])((?:\\.|(?!\1).)*)\1\s*(?:#(.*))?$/.exec(rest);
  if (quoted !== null) {
    const literal = quoted[1] === "'";
    const inner = quoted[2] ?? "";
    return {
      value: literal ? inner : inner.replaceAll(/\\(["\\])/g, "$1"),
      literal,
      comment: quoted[3] ?? "",
    };
  }
  const at = rest.search(/\s#/);
  if (at < 0) return { value: rest.trim(), literal: false, comment: "" };
  return { value: rest.slice(0, at).trim(), literal: false, comment: rest.slice(rest.indexOf("#", at) + 1) };
}

function parseModifiers(comment: string): Record<string, string> {
  return Object.fromEntries(
    [...comment.matchAll(/([a-z]+)=(\S+)/g)].map(([, key, value]) => [key ?? "", value ?? ""]),
  );
}

const blankOrComment = /^[ \t]*(#.*)?$/;
const trailing = "[ \\t]*(?:[ \\t]#.*)?";
/**
 * The only form that dotenv readers agree on. Not in it: blanks around `=`, a comment directly behind `=`, escapes,
 * and `#` or quotes inside of values.
 */
const plainLine = new RegExp(
  `^(${namePattern})=(?:"([^"\\\\#]*)"${trailing}|'([^'\\\\#]*)'${trailing}|` +
    `([^\\s"'\\\\#](?:[^"'\\\\#]*[^\\s"'\\\\#])?)${trailing}|[ \\t]*)$`,
);
/** Characters that end lines, vanish or count as blanks for some readers only. */
const oddCharacter =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufffd]/;

/**
 * Lines of a `.env.sample` that another reader might take differently: those that are not blank, a comment or a plain
 * `NAME=value`, references to what is not set further up, and second assignments of another value, unless they
 * append to the first (`X="$X:…"`).
 */
export function oddEnvLines(text: string): OddLine[] {
  const odd: OddLine[] = [];
  const seen = new Map<string, string>();
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (oddCharacter.test(content)) {
      odd.push({ line, problem: "holds a control character or an unusual blank" });
      continue;
    }
    if (blankOrComment.test(content)) continue;
    const match = plainLine.exec(content);
    if (match === null) {
      const name = new RegExp(`^\\s*(?:export\\s+)?(${namePattern})\\s*[=:]`).exec(content)?.[1];
      odd.push({ line, ...(name === undefined ? {} : { name }), problem: "is not a plain NAME=value" });
      continue;
    }
    const [, name = "", double, single, bare] = match;
    const value = double ?? single ?? bare ?? "";
    const problem = referenceProblem(single === undefined ? value : "", seen) ??
      repeatProblem(name, { value, literal: single !== undefined, before: seen.get(name) });
    if (problem !== undefined) odd.push({ line, name, problem });
    seen.set(name, value);
  }
  return odd;
}

function referenceProblem(value: string, seen: ReadonlyMap<string, string>): string | undefined {
  const rest = value.replaceAll(
    new RegExp(`\\$(?:\\{(${namePattern})\\}|(${namePattern}))`, "g"),
    (_, a, b) => {
      return seen.has(a ?? b) ? "" : "$";
    },
  );
  return rest.includes("$") ? "refers to something that is not set further up" : undefined;
}

function repeatProblem(
  name: string,
  { value, literal, before }: { value: string; literal: boolean; before: string | undefined },
): string | undefined {
  if (before === undefined || before === value) return undefined;
  const appends = !literal && (value.startsWith(`$${name}:`) || value.startsWith(`\${${name}}:`));
  return appends ? undefined : "assigns the variable a second time, another value";
}

import { probablyMeant } from "../common/spelling.ts";

/** Braces of an app's own come first, so that no placeholder is seen in them: `{{word}}` and `${word}`. */
const BRACES = /\{\{[^{}]*\}\}|\$\{[^{}]*\}|\{([A-Za-z][\w.-]*)\}/g;

/** A placeholder for a value of a provider, without its braces. */
export const NEEDED_VALUE = /^needs\.([a-z0-9][a-z0-9-]*)\.([A-Za-z][\w-]*)$/;

/** What stands for something of the run: the app's domains, and values of providers. */
export type Placeholder = "domain" | "needs";

/** The keys in whose values each is filled in. */
const filledIn: Readonly<Record<Placeholder, string>> = {
  domain: '"env" and "files"',
  needs: '"env" and "secrets"',
};

/** Those that are filled in below each key. */
export const filledAt = {
  env: ["domain", "needs"],
  secrets: ["needs"],
  files: ["domain"],
} as const satisfies Record<string, readonly Placeholder[]>;

/** What stands in single braces in a text, each without them: `domain.files`. Other things than words are left out. */
export function wordsInBraces(text: string): string[] {
  return [...text.matchAll(BRACES)].flatMap(([, word]) => word === undefined ? [] : [word]);
}

/** The text with values in the place of words in braces; a word without a value stays. */
export function fillBraces(text: string, valueOf: (word: string) => string | undefined): string {
  return text.replaceAll(BRACES, (whole, word?: string) => (word && valueOf(word)) ?? whole);
}

/**
 * What is wrong with the placeholders in a text, each as the rest of a sentence. A word in braces that looks like none
 * is the app's own.
 * @param of.filled those that are filled in there
 * @param of.domains names of further domains
 * @param of.needed recipes that are needed
 */
export function wrongPlaceholders(
  text: string,
  { filled, domains, needed }: {
    filled: readonly Placeholder[];
    domains: readonly string[];
    needed: readonly string[];
  },
): string[] {
  return wordsInBraces(text).flatMap((word) => {
    const [first = "", ...rest] = word.split(".");
    if (first !== "domain" && first !== "needs") {
      // An app has words of its own, such as {remain} or {feeds.url}: what follows has to be right for a misspelt word.
      const fitting = filled.filter((one) =>
        one === "domain"
          ? rest.length === 0 || domains.includes(rest.join("."))
          : rest.length === 2 && needed.includes(rest[0] ?? "")
      );
      const near = probablyMeant(first, fitting, { wrong: rest.length === 0 ? 1 : 2 });
      return near === null ? [] : [`has "{${word}}", probably meant as "{${[near, ...rest].join(".")}}"`];
    }
    const name = rest.join(".");
    const isRight = isPlaceholder(word, { filled: [first], domains });
    if (!filled.includes(first)) {
      return isRight ? [`has "{${word}}", which means something in ${filledIn[first]} only`] : [];
    }
    if (isRight) return [];
    if (first === "needs") return [`has "{${word}}", and a provider's value is "{needs.<recipe>.<name>}"`];
    return unknownDomain(name, domains);
  });
}

/**
 * Placeholders in a line that lack their last brace, or have blanks beside it, each as the rest of a sentence: an app
 * would get them as they stand. In a text of several lines such a thing may be part of a program.
 */
export function brokenPlaceholders(
  line: string,
  { filled }: { filled: readonly Placeholder[] },
): string[] {
  const starts = filled.map((one) => one === "domain" ? "domain(?![\\w-])" : "needs\\.").join("|");
  // What follows keeps out keys of YAML, JSON5 and JavaScript, and lists: `{domain: x}`, `{domain, user}`.
  const broken = new RegExp(`\\{\\s*((?:${starts})[\\w.-]*)(\\s*\\}|(?![\\w.-]|\\s*[:,=])\\s*)`, "g");
  if (/[\r\n]/.test(line.trim())) return [];
  return [...line.replaceAll(BRACES, " ").matchAll(broken)].map(([said, word, end = ""]) =>
    end.endsWith("}")
      ? `has "${said}", probably meant as "{${word}}"`
      : `has "${said.trimEnd()}", which lacks "}"`
  );
}

/** Placeholders in a text that are the app's own by the dollar sign before them: `${domain}`. */
export function dollared(
  text: string,
  of: { filled: readonly Placeholder[]; domains: readonly string[] },
): string[] {
  return [...text.matchAll(BRACES)].map(([whole]) => whole)
    .filter((whole) => whole.startsWith("$") && isPlaceholder(whole.slice(2, -1), of));
}

function isPlaceholder(
  word: string,
  { filled, domains }: { filled: readonly Placeholder[]; domains: readonly string[] },
): boolean {
  if (filled.includes("needs") && NEEDED_VALUE.test(word)) return true;
  const [first, ...rest] = word.split(".");
  return filled.includes("domain") && first === "domain" &&
    (rest.length === 0 || domains.includes(rest.join(".")));
}

/** What is wrong with the name of a further domain, as the rest of a sentence; empty: nothing is. */
export function unknownDomain(name: string, domains: readonly string[]): string[] {
  if (domains.includes(name)) return [];
  const near = probablyMeant(name, domains);
  const help = near === null ? "" : `, probably meant as "${near}"`;
  return [`names "${name}", which is not among "extra_domains"${help}`];
}

/**
 * What is wrong with the variables in a text that a run fills in, each as the rest of a sentence.
 * @param known the variables there are, as they have to be written: `${DOMAIN}`
 */
export function wrongVariables(text: string, known: readonly string[]): string[] {
  return [...text.matchAll(/\$\{?(\w+)\}?/g)].flatMap(([said, name = ""]) => {
    if (known.some((one) => said.startsWith(one))) return [];
    const near = probablyMeant(name, known.map(nameOf));
    const right = known.find((one) => nameOf(one) === near);
    return right === undefined ? [] : [`has "${said}", probably meant as "${right}"`];
  });
}

function nameOf(variable: string): string {
  return variable.replaceAll(/[${}]/g, "");
}

import { describeError } from "../common/errors.ts";

/** As much of an error of the library that reads YAML as is needed to say it in plain words. */
interface YamlFault {
  code: string;
  message: string;
  /** Where in the text it is seen. */
  pos: readonly [number, number];
}

const STAR = 'text that begins with "*" has to stand in quotes';

/** A text that YAML would take for something else: names by their codes, told as what the author has to do. */
const known: Readonly<Record<string, (fault: YamlFault, text: string) => string>> = {
  TAB_AS_INDENT: () => "a tab cannot indent a line: write spaces",
  MULTILINE_IMPLICIT_KEY: () =>
    'a line is neither "key: value" nor part of one: is a space missing behind a colon?',
  DUPLICATE_KEY: ({ pos }, text) => `${quoted(wordAt(text, pos[0]))} stands here a second time`,
  BLOCK_AS_IMPLICIT_KEY: () =>
    'a second ": " in one line, or a line that is not indented as those beside it: text with ": " in it has to stand in quotes',
  BAD_ALIAS: () => STAR,
  TAG_RESOLVE_FAILED: () => 'text that begins with "!" has to stand in quotes',
  BAD_SCALAR_START: ({ pos }, text) =>
    `text that begins with ${quoted(text[pos[0]] ?? "")} has to stand in quotes`,
  MULTIPLE_DOCS: () => 'a second document begins with "---", and a recipe.yml is one',
  MISSING_CHAR: ({ message }) =>
    /quote/.test(message) ? "text that begins with a quote has no quote at its end" : plain(message),
  UNEXPECTED_TOKEN: ({ message, pos }, text) =>
    /node end/.test(message) && /[}\]]\s*$/.test(text.slice(0, pos[0]))
      ? `text that begins with ${
        quoted(/[}]\s*$/.test(text.slice(0, pos[0])) ? "{" : "[")
      } has to stand in quotes`
      : plain(message),
  BAD_INDENT: ({ message }) => {
    const sign = /end with a ([\]}])/.exec(message)?.[1];
    return sign === undefined
      ? plain(message)
      : `what begins with ${quoted(sign === "]" ? "[" : "{")} has no ${quoted(sign)} at its end`;
  },
};

/** What is wrong with the YAML of a text, for whoever wrote it. */
export function yamlWords(error: unknown, text: string): string {
  if (!isYamlFault(error)) return plain(describeError(error));
  return known[error.code]?.(error, text) ?? plain(error.message);
}

/** What is wrong with `*name`, which stands for what `&name` names. @param alias.isKnown whether anything does */
export function aliasWords({ isKnown }: { isKnown: boolean }): string {
  return isKnown ? '"*" stands too often for what an "&" names: write it out instead' : STAR;
}

function isYamlFault(error: unknown): error is Error & YamlFault {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "pos" in error;
}

/** The library's own words; they name their place, and go on with a picture of it. */
function plain(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "").replace(/:$/, "");
}

function wordAt(text: string, at: number): string {
  return /^[^\s:]*/.exec(text.slice(at))?.[0] ?? "";
}

function quoted(text: string): string {
  return `"${text}"`;
}

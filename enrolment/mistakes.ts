import * as z from "zod";
import { isRecord } from "../common/is_record.ts";
import { probablyMeant } from "../common/spelling.ts";
import { keysAt, keysByPlace } from "./known_keys.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A place in a `recipe.yml`, both counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Something that is wrong in a `recipe.yml`. */
export interface Mistake extends Place {
  /** A clause: `unknown key "helth", probably meant as "health"`. */
  text: string;
}

/** Says where the key at the end of a path stands. */
export type Locate = (path: Path) => Place;

/** The file in which something is wrong. */
interface Source {
  locate: Locate;
  /** What stands there as the value of the key at the end of a path. */
  textAt: (path: Path) => string;
}

/** Mistakes as a clause each, one after the other: `line 2, column 1: unknown key "helth", …; line 3, …`. */
export function told(mistakes: readonly Mistake[]): string {
  return mistakes.map(({ line, column, text }) => `line ${line}, column ${column}: ${text}`).join("; ");
}

/**
 * What is wrong in a `recipe.yml`, each mistake once.
 * @param error of a parse with `reportInput`, which shows what is missing
 */
export function mistakesOf(error: z.ZodError, source: Source): Mistake[] {
  const { locate } = source;
  const issues = error.issues.flatMap((issue) => leavesOf(issue, []));
  const found = issues.flatMap((one) =>
    one.issue.code === "unrecognized_keys" ? unknownKeys(one, source) : []
  );
  const meant = new Set(found.map((one) => one.meant));
  const braced = new Set(found.filter(({ isBraced }) => isBraced).map((one) => one.meant));
  const all = issues.flatMap(({ issue, path }): Mistake[] => {
    if (issue.code === "unrecognized_keys") {
      return found.filter((one) => one.issue === issue).map(({ path, text }) => ({ ...locate(path), text }));
    }
    const name = nameOf(path);
    if (braced.has(name)) return [];
    if (isMissing(issue)) {
      // A key that is misspelt is missing as well, which need not be told twice.
      return meant.has(name) ? [] : [{ ...locate(path), text: `"${name}" is missing` }];
    }
    return [{
      ...locate(path),
      text: `${name === "" ? "the file" : `"${name}"`} ${wrong({ issue, path }, source)}`,
    }];
  });
  return [...new Map(all.map((one) => [told([one]), one])).values()];
}

/** An issue with its whole path: those inside of a choice know only theirs. */
interface Leaf {
  issue: Issue;
  path: Path;
}

/** Of a choice between forms the mistakes in that form count which the author probably meant. */
function leavesOf(issue: Issue, before: Path): Leaf[] {
  const path = [...before, ...issue.path];
  if (issue.code !== "invalid_union") return [{ issue, path }];
  const meant = issue.errors.filter((one) => !one.some((inner) => isOtherKind(inner)))
    .toSorted((a, b) => a.length - b.length)[0];
  return meant === undefined ? [{ issue, path }] : meant.flatMap((inner) => leavesOf(inner, path));
}

function isOtherKind(issue: Issue): boolean {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

function isMissing(issue: Issue): boolean {
  return "input" in issue && issue.input === undefined && issue.code.startsWith("invalid_");
}

/** What is wrong with a value, as the rest of a sentence. */
function wrong({ issue, path }: Leaf, source: Source): string {
  switch (issue.code) {
    case "invalid_type":
      if (isBraced(path, source)) return BRACED;
      return `must be ${kinds[issue.expected] ?? issue.expected}, and is ${kindOf(issue.input)}${
        help(issue, path)
      }`;
    case "invalid_value": {
      const known = issue.values.map(String);
      if (known.length === 1 && issue.input === known[0]) {
        return `must be a number, and is text${alone(known[0] ?? "", path)}`;
      }
      const near = typeof issue.input === "string" ? probablyMeant(issue.input, known) : null;
      const list = known.length === 1
        ? `must be ${known[0]}`
        : `must be one of ${known.map((one) => `"${one}"`).join(", ")}`;
      return near === null ? list : `${list}, probably meant as "${near}"`;
    }
    case "invalid_union": {
      if (isBraced(path, source)) return BRACED;
      const forms = issue.errors.flatMap((one) =>
        one.flatMap((inner) => inner.code === "invalid_type" ? [kinds[inner.expected] ?? inner.expected] : [])
      );
      const last = forms.at(-1) ?? "something else";
      const list = forms.length < 2 ? last : `${forms.slice(0, -1).join(", ")} or ${last}`;
      const number = forms.includes("a number") && typeof issue.input === "string"
        ? alone(issue.input, path)
        : "";
      return `must be ${list}, and is ${kindOf(issue.input)}${number}`;
    }
    case "too_small":
      if (issue.origin !== "number" && issue.origin !== "int") return "must not be empty";
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${
        unitOf(path)
      }`;
    case "too_big":
      return issue.origin === "number" || issue.origin === "int"
        ? `must be at most ${issue.maximum}${path[0] === "timeouts" ? ", the seconds of a day" : ""}`
        : `must not be longer than ${issue.maximum}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? "is no name that is allowed here";
    default:
      return `${issue.message}${path.at(-1) === "repo" ? repositoryIn(issue.input) : ""}`;
  }
}

/** The repository that an address shows. */
function repositoryIn(input: unknown): string {
  const shown = /^\w+:\/\/[^/]+\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(String(input))?.[1];
  return shown === undefined ? "" : `, probably meant as "${shown}"`;
}

/** How the right thing is written, as the end of a sentence. */
function help({ expected, input }: z.core.$ZodIssueInvalidType, path: Path): string {
  if (typeof input === "string") {
    if (expected === "number" || expected === "int") return alone(input, path);
    if (expected === "boolean" && /^(yes|on)$/i.test(input)) return ": write true";
    if (expected === "boolean" && /^(no|off)$/i.test(input)) return ": write false";
  }
  if (expected === "string" && /^(number|boolean)$/.test(typeof input)) return ": put it in quotes";
  if (expected === "string" && isRecord(input)) {
    const [[name, value] = [""], ...more] = Object.entries(input);
    if (value === null && more.length === 0) return `: write "${name}" without ":" behind it`;
    if (path[0] !== "exceptions") return "";
    return `: write "${Object.entries(input).map((one) => one.join("=")).join(" ")}"`;
  }
  if (expected === "array" && isRecord(input)) return ': put "- " before its first line';
  if (expected === "array" && typeof input === "string") {
    return ': write each entry in a line of its own below, with "- " before it';
  }
  if (expected !== "object" && expected !== "record") return "";
  const keys = keysAt(path);
  if (keys.length === 0) return ': write "name: value", each in a line of its own';
  if (path.length === 0) return ': it begins with "repo: owner/name"';
  return `: its keys are ${keys.map((one) => `"${one}"`).join(", ")}`;
}

/** What a number counts, where it is easily taken for something larger. */
function unitOf([first]: Path): string {
  return first === "memory" || first === "disk" ? " megabytes" : "";
}

const units: Readonly<Record<string, string>> = {
  timeouts: " of seconds",
  grace: " of seconds",
  memory: " of megabytes",
  disk: " of megabytes",
};

/** How a number is written that has something around it. */
function alone(input: string, [first]: Path): string {
  if (/^\d+(\.\d+)?$/.test(input)) return `: write ${input} without quotes`;
  return /^\d/.test(input) ? `: write the number${units[String(first)] ?? ""} alone` : "";
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "keys with values",
  record: "keys with values",
};

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "keys with values";
  if (typeof value === "number") return Number.isInteger(value) ? "a number" : `the number ${value}`;
  return typeof value === "boolean" ? "true or false" : "text";
}

interface UnknownKey {
  issue: Issue;
  path: Path;
  /** The key that was probably meant, with its place. */
  meant: string | null;
  text: string;
  /** Whether it is none, and the text around it lacks its quotes. */
  isBraced?: true;
}

function unknownKeys({ issue, path }: Leaf, source: Source): UnknownKey[] {
  if (issue.code !== "unrecognized_keys") return [];
  const here = keysAt(path);
  if (isBraced(path, source)) {
    const text = `"${nameOf(path)}" ${BRACED}`;
    return [{ issue, path, meant: nameOf(path), text, isBraced: true }];
  }
  return issue.keys.map((key) => {
    const near = probablyMeant(key, here);
    const meant = near === null ? null : nameOf([...path, near]);
    const right = elsewhere(key) ?? (meant === null ? null : `"${meant}"`);
    const help = right === null
      ? `known are ${here.map((one) => `"${one}"`).join(", ")}`
      : `probably meant as ${right}`;
    const at = [...path, key];
    return { issue, path: at, meant, text: `unknown key "${nameOf(at)}", ${help}` };
  });
}

const BRACED = 'begins with "{": such text has to stand in quotes';

/** Whether a value is `{domain}` without quotes, of which YAML makes a map. */
function isBraced(path: Path, { textAt }: Source): boolean {
  return /^\{+\s*\w[^{}:,]*\}/.test(textAt(path));
}

/** Where a key that stands in the wrong place would be right: `"health.title"`, or `a "command" below "data.seed"`. */
function elsewhere(key: string): string | null {
  for (const [place, keys] of keysByPlace()) {
    if (!keys.includes(key)) continue;
    const list = /^(.*)\.\*$/.exec(place)?.[1];
    if (list !== undefined) return `a "${key}" below "${list}"`;
    return place === "" ? `"${key}"` : `"${place}.${key}"`;
  }
  return null;
}

function nameOf(path: Path): string {
  return path.map(String).join(".");
}

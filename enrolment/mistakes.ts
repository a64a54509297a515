import * as z from "zod";
import { probablyMeant } from "../common/spelling.ts";
import { recipeYml } from "./schema.ts";

type Issue = z.core.$ZodIssue;
type Path = Issue["path"];

/**
 * What is wrong in a `recipe.yml`, a clause each: `unknown key "health.titel", probably meant as "health.title"`.
 * @param error of a parse with `reportInput`, which shows what is missing
 */
export function mistakesOf(error: z.ZodError): string[] {
  const found = error.issues.flatMap((issue) => issue.code === "unrecognized_keys" ? unknownKeys(issue) : []);
  const meant = new Set(found.map((one) => one.meant));
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return found.filter((one) => one.issue === issue).map((one) => one.text);
    }
    const place = nameOf(issue.path);
    const missing = issue.code === "invalid_type" && issue.input === undefined;
    // A key that is misspelt is missing as well, which need not be told twice.
    return missing && meant.has(place) ? [] : [`${place || "file"}: ${issue.message}`];
  });
}

interface UnknownKey {
  issue: Issue;
  /** The key that was probably meant, with its place. */
  meant: string | null;
  text: string;
}

function unknownKeys(issue: Extract<Issue, { code: "unrecognized_keys" }>): UnknownKey[] {
  const all = knownKeys();
  const place = all.get(nameOf(issue.path.map((part) => typeof part === "number" ? "*" : part))) ?? [];
  return issue.keys.map((key) => {
    const near = probablyMeant(key, place);
    const meant = near === null ? null : nameOf([...issue.path, near]);
    const right = elsewhere(key, all) ?? (meant === null ? null : `"${meant}"`);
    const help = right === null
      ? `known are ${place.map((one) => `"${one}"`).join(", ")}`
      : `probably meant as ${right}`;
    return { issue, meant, text: `unknown key "${nameOf([...issue.path, key])}", ${help}` };
  });
}

/** Where a key that stands in the wrong place would be right: `"health.title"`, or `a "command" below "data.seed"`. */
function elsewhere(key: string, all: ReadonlyMap<string, readonly string[]>): string | null {
  for (const [place, keys] of all) {
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

/** The keys there are by the place where they stand, `*` for each entry of a list: `data.seed.*`. */
function knownKeys(): Map<string, string[]> {
  const all = new Map<string, string[]>();
  function walk(node: z.core.JSONSchema._JSONSchema | undefined, path: string[]): void {
    if (typeof node !== "object") return;
    const { properties = {}, items, propertyNames } = node;
    const names = typeof propertyNames === "object" ? (propertyNames.enum ?? []).map(String) : [];
    const keys = [...Object.keys(properties), ...names];
    if (keys.length > 0) all.set(path.join("."), keys);
    for (const [name, inner] of Object.entries(properties)) walk(inner, [...path, name]);
    if (items !== undefined && !Array.isArray(items)) walk(items, [...path, "*"]);
  }
  walk(z.toJSONSchema(recipeYml, { io: "input" }), []);
  return all;
}

import { isUtf8 } from "node:buffer";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import { isRecord } from "../common/is_record.ts";
import { type Locate, type Mistake, mistakesOf, type Place, told } from "./mistakes.ts";
import { type RecipeYml, recipeYml } from "./schema.ts";
import { aliasWords, yamlWords } from "./yaml_words.ts";

/** A `recipe.yml` as it was read. */
export type Reading =
  | { ok: true; said: RecipeYml; locate: Locate }
  /**
   * `problem` tells all mistakes and follows the file's name: `is invalid: unknown key …`. `content` is what YAML makes
   * of the text, or, if it does not parse, of a part of it; nothing of it is checked.
   */
  | { ok: false; parses: boolean; mistakes: readonly Mistake[]; problem: string; content: unknown };

/**
 * Reads a `recipe.yml`. A folder in its place, a link that leads nowhere, and what is no text are mistakes of its author.
 * @throws {Deno.errors.NotFound} when there is none
 */
export async function readRecipeFile(path: string): Promise<Reading> {
  const bytes = await bytesOf(path);
  if (typeof bytes === "string") {
    const text = `it ${bytes}`;
    const mistakes = [{ line: 1, column: 1, text }];
    return { ok: false, parses: false, mistakes, problem: `cannot be read: ${text}`, content: null };
  }
  const text = new TextDecoder().decode(bytes);
  const strange = strangeBytes(bytes);
  return strange === null ? readRecipeYml(text) : unparsable(strange, parseYaml(text).content);
}

/** What a file holds, or, where there is something else, what that is. */
async function bytesOf(path: string): Promise<Uint8Array | string> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) return "is a folder";
    const leadsNowhere = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop;
    if (leadsNowhere && (await Deno.lstat(path)).isSymlink) return "is a link that leads nowhere";
    throw error;
  }
}

/** Where bytes are no UTF-8. Who reads them nevertheless has other letters, with which no page and no secret fits. */
function strangeBytes(bytes: Uint8Array): Mistake | null {
  const lines = new TextDecoder("latin1").decode(bytes).split("\n");
  let start = 0;
  for (const [at, { length }] of lines.entries()) {
    if (!isUtf8(bytes.subarray(start, start + length))) {
      return { line: at + 1, column: 1, text: "this is no UTF-8: save the file as UTF-8" };
    }
    start += length + 1;
  }
  return null;
}

/** Reads the text of a `recipe.yml`, naming everything that is wrong with it. */
export function readRecipeYml(text: string): Reading {
  const { content, fault, locate, textAt } = parseYaml(text);
  if (fault !== null) return unparsable(fault, content);
  const parsed = recipeYml.safeParse(content, { reportInput: true });
  if (parsed.success) return { ok: true, said: parsed.data, locate };
  return invalid(mistakesOf(parsed.error, { locate, textAt }), content);
}

/** The reading of a file that parses, and in which something is wrong. */
export function invalid(mistakes: readonly Mistake[], content: unknown): Reading {
  return { ok: false, parses: true, mistakes, problem: `is invalid: ${told(mistakes)}`, content };
}

function unparsable(fault: Mistake, content: unknown): Reading {
  return {
    ok: false,
    parses: false,
    mistakes: [fault],
    problem: `does not parse: ${told([fault])}`,
    content,
  };
}

interface Yaml {
  content: unknown;
  fault: Mistake | null;
  locate: Locate;
  textAt: (path: readonly PropertyKey[]) => string;
}

function parseYaml(text: string): Yaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, resolveKnownTags: false });
  // What the library only warns of, such as "!name", would be read otherwise than its author meant it.
  const [first] = [...document.errors, ...document.warnings];
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const locate: Locate = (path) => at(find(document, path).offset);
  const textAt = (path: readonly PropertyKey[]) => {
    const { node } = find(document, path);
    return isNode(node) ? text.slice(...(node.range ?? [0, 0])) : "";
  };
  const fault = (error: unknown): Mistake => ({ ...at(first?.pos[0] ?? 0), text: yamlWords(error, text) });
  try {
    const content = asWritten(document.toJS({ maxAliasCount: 20 }), document);
    return { content, fault: first === undefined ? null : fault(first), locate, textAt };
  } catch (error) {
    const alias = first === undefined ? troublesomeAlias(document) : null;
    const told = alias === null ? fault(first ?? error) : { ...at(alias.offset), text: aliasWords(alias) };
    return { content: null, fault: told, locate, textAt };
  }
}

/** The alias because of which a document has no content: one that stands for nothing, or the first of too many. */
function troublesomeAlias(document: Document.Parsed): { offset: number; isKnown: boolean } | null {
  const all: { offset: number; isKnown: boolean }[] = [];
  visit(document, {
    Alias(_, node) {
      all.push({ offset: node.range?.[0] ?? 0, isKnown: node.resolve(document) !== undefined });
    },
  });
  return all.find(({ isKnown }) => !isKnown) ?? all[0] ?? null;
}

/**
 * The content with the values of settings and secrets as they are written. They are texts, also where YAML takes them for
 * numbers or truth values: it would make 22 of 022, and 1.1 of 1.10.
 */
function asWritten(content: unknown, document: Document.Parsed): unknown {
  if (!isRecord(content)) return content;
  const written = (value: unknown, path: readonly string[]): unknown => {
    if (isRecord(value) && "value" in value) {
      return { ...value, value: written(value.value, [...path, "value"]) };
    }
    if (typeof value !== "number" && typeof value !== "boolean") return value;
    const { node } = find(document, path);
    return isScalar(node) ? node.source ?? value : value;
  };
  const texts = ["env", "secrets"].flatMap((key) => {
    const values = content[key];
    if (!isRecord(values)) return [];
    const named = Object.entries(values).map(([name, value]) => [name, written(value, [key, name])]);
    return [[key, Object.fromEntries(named)]];
  });
  return { ...content, ...Object.fromEntries(texts) };
}

/**
 * Where the key at the end of a path stands, or, where there is none, the nearest above that is there; and what it is the
 * key of.
 */
function find(
  document: Document.Parsed,
  path: readonly PropertyKey[],
): { offset: number; node: unknown } {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return { offset, node: null };
      offset = isScalar(pair.key) ? pair.key.range?.[0] ?? offset : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(part)];
      if (isScalar(item) || isMap(item) || isSeq(item)) offset = item.range?.[0] ?? offset;
      node = item;
    } else return { offset, node: null };
  }
  return { offset, node: isAlias(node) ? node.resolve(document) : node };
}

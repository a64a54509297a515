import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { type Locate, type Mistake, mistakesOf, type Place, told } from "./mistakes.ts";
import { type RecipeYml, recipeYml } from "./schema.ts";
import { yamlWords } from "./yaml_words.ts";

/** A `recipe.yml` as it was read. */
export type Reading =
  | { ok: true; said: RecipeYml; locate: Locate }
  /**
   * `problem` tells all mistakes and follows the file's name: `is invalid: unknown key …`. `content` is what YAML makes
   * of the text, or, if it does not parse, of a part of it; nothing of it is checked.
   */
  | { ok: false; parses: boolean; mistakes: readonly Mistake[]; problem: string; content: unknown };

/** Reads the text of a `recipe.yml`, naming everything that is wrong with it. */
export function readRecipeYml(text: string): Reading {
  const { content, fault, locate } = parseYaml(text);
  if (fault !== null) {
    return {
      ok: false,
      parses: false,
      mistakes: [fault],
      problem: `does not parse: ${told([fault])}`,
      content,
    };
  }
  const parsed = recipeYml.safeParse(content, { reportInput: true });
  if (parsed.success) return { ok: true, said: parsed.data, locate };
  return invalid(mistakesOf(parsed.error, locate), content);
}

/** The reading of a file that parses, and in which something is wrong. */
export function invalid(mistakes: readonly Mistake[], content: unknown): Reading {
  return { ok: false, parses: true, mistakes, problem: `is invalid: ${told(mistakes)}`, content };
}

function parseYaml(text: string): { content: unknown; fault: Mistake | null; locate: Locate } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  // What the library only warns of, such as "!name", would be read otherwise than its author meant it.
  const [first] = [...document.errors, ...document.warnings];
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const locate: Locate = (path) => at(offsetOf(document, path));
  const fault = (error: unknown): Mistake => ({ ...at(first?.pos[0] ?? 0), text: yamlWords(error, text) });
  try {
    const content: unknown = document.toJS({ maxAliasCount: 20 });
    return { content, fault: first === undefined ? null : fault(first), locate };
  } catch (error) {
    return { content: null, fault: fault(first ?? error), locate };
  }
}

/** Where the key at the end of a path stands, or, where there is none, the nearest above that is there. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let at = document.contents?.range[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return at;
      at = isScalar(pair.key) ? pair.key.range?.[0] ?? at : at;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(part)];
      if (isScalar(item) || isMap(item) || isSeq(item)) at = item.range?.[0] ?? at;
      node = item;
    } else return at;
  }
  return at;
}

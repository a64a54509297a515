import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
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
  const { content, fault, locate, textAt } = parseYaml(text);
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
  return invalid(mistakesOf(parsed.error, { locate, textAt }), content);
}

/** The reading of a file that parses, and in which something is wrong. */
export function invalid(mistakes: readonly Mistake[], content: unknown): Reading {
  return { ok: false, parses: true, mistakes, problem: `is invalid: ${told(mistakes)}`, content };
}

interface Yaml {
  content: unknown;
  fault: Mistake | null;
  locate: Locate;
  textAt: (path: readonly PropertyKey[]) => string;
}

function parseYaml(text: string): Yaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
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
    const content: unknown = document.toJS({ maxAliasCount: 20 });
    return { content, fault: first === undefined ? null : fault(first), locate, textAt };
  } catch (error) {
    return { content: null, fault: fault(first ?? error), locate, textAt };
  }
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

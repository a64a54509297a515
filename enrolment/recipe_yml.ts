import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { describeError } from "../common/errors.ts";
import { mistakesOf } from "./mistakes.ts";
import { type RecipeYml, recipeYml } from "./schema.ts";

/** Says where the key at the end of a path stands, as the beginning of a clause: `line 3, column 5: `. */
export type Locate = (path: readonly PropertyKey[]) => string;

/** A `recipe.yml` as it was read. */
export type Reading =
  | { ok: true; said: RecipeYml; locate: Locate }
  /**
   * `problem` follows the file's name: `is invalid: unknown key …`. `content` is what YAML makes of the text, or, if it
   * does not parse, of a part of it; nothing of it is checked.
   */
  | { ok: false; parses: boolean; problem: string; content: unknown };

/** Reads the text of a `recipe.yml`, naming everything that is wrong with it. */
export function readRecipeYml(text: string): Reading {
  const { content, fault, locate } = parseYaml(text);
  if (fault !== null) return { ok: false, parses: false, problem: `does not parse: ${fault}`, content };
  const parsed = recipeYml.safeParse(content, { reportInput: true });
  if (parsed.success) return { ok: true, said: parsed.data, locate };
  const problem = `is invalid: ${mistakesOf(parsed.error, locate).join("; ")}`;
  return { ok: false, parses: true, problem, content };
}

function parseYaml(text: string): { content: unknown; fault: string | null; locate: Locate } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [first] = document.errors;
  const locate: Locate = (path) => {
    const { line, col } = lines.linePos(offsetOf(document, path));
    return `line ${line}, column ${col}: `;
  };
  try {
    const content: unknown = document.toJS({ maxAliasCount: 20 });
    return { content, fault: first === undefined ? null : firstLine(first), locate };
  } catch (error) {
    return { content: null, fault: firstLine(first ?? error), locate };
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

/** YAML's errors go on with a picture of the place. */
function firstLine(error: unknown): string {
  return describeError(error).split("\n")[0]?.replace(/:$/, "") ?? "";
}

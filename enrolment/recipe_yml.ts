import { parseDocument } from "yaml";
import { describeError } from "../common/errors.ts";
import { mistakesOf } from "./mistakes.ts";
import { type RecipeYml, recipeYml } from "./schema.ts";

/** A `recipe.yml` as it was read. */
export type Reading =
  | { ok: true; said: RecipeYml }
  /**
   * `problem` follows the file's name: `is invalid: unknown key …`. `content` is what YAML makes of the text, or, if it
   * does not parse, of a part of it; nothing of it is checked.
   */
  | { ok: false; parses: boolean; problem: string; content: unknown };

/** Reads the text of a `recipe.yml`, naming everything that is wrong with it. */
export function readRecipeYml(text: string): Reading {
  const { content, fault } = parseYaml(text);
  if (fault !== null) return { ok: false, parses: false, problem: `does not parse: ${fault}`, content };
  const parsed = recipeYml.safeParse(content, { reportInput: true });
  if (parsed.success) return { ok: true, said: parsed.data };
  return { ok: false, parses: true, problem: `is invalid: ${mistakesOf(parsed.error).join("; ")}`, content };
}

function parseYaml(text: string): { content: unknown; fault: string | null } {
  const document = parseDocument(text);
  const [first] = document.errors;
  try {
    const content: unknown = document.toJS({ maxAliasCount: 20 });
    return { content, fault: first === undefined ? null : firstLine(first) };
  } catch (error) {
    return { content: null, fault: firstLine(first ?? error) };
  }
}

/** YAML's errors go on with a picture of the place. */
function firstLine(error: unknown): string {
  return describeError(error).split("\n")[0]?.replace(/:$/, "") ?? "";
}

import * as z from "zod";
import { recipeYml } from "./schema.ts";

type Node = z.core.JSONSchema._JSONSchema;

let known: ReturnType<typeof jsonSchema> | null = null;

/** `recipe.yml` as a JSON Schema (2020-12). */
export function jsonSchema() {
  return z.toJSONSchema(recipeYml, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      // The library leaves them out where a value is turned into another one, since they might be of that.
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  });
}

function root(): Node {
  return known ??= jsonSchema();
}

/** The keys that may stand at a place of `recipe.yml`, which a path through its values names. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let nodes = formsOf(root());
  for (const part of path) nodes = nodes.flatMap((node) => formsOf(childOf(node, String(part))));
  return nodes.flatMap(keysOf);
}

/** The keys there are by the place where they stand, `*` for each entry of a list or under a name: `data.seed.*`. */
export function keysByPlace(): Map<string, string[]> {
  const all = new Map<string, string[]>();
  function walk(node: Node | undefined, path: string[]): void {
    for (const form of formsOf(node)) {
      const keys = keysOf(form);
      if (keys.length > 0) all.set(path.join("."), keys);
      for (const [name, inner] of Object.entries(form.properties ?? {})) walk(inner, [...path, name]);
      walk(entriesOf(form), [...path, "*"]);
    }
  }
  walk(root(), []);
  return all;
}

/** The forms that a value may have. */
function formsOf(node: Node | undefined): Exclude<Node, boolean>[] {
  if (typeof node !== "object") return [];
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(formsOf);
}

function keysOf({ properties = {}, propertyNames }: Exclude<Node, boolean>): string[] {
  const names = typeof propertyNames === "object" ? (propertyNames.enum ?? []).map(String) : [];
  return [...Object.keys(properties), ...names];
}

function childOf(node: Exclude<Node, boolean>, part: string): Node | undefined {
  return node.properties?.[part] ?? entriesOf(node);
}

function entriesOf({ items, additionalProperties }: Exclude<Node, boolean>): Node | undefined {
  return items !== undefined && !Array.isArray(items) ? items : additionalProperties;
}

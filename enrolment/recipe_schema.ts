import { jsonSchema } from "./known_keys.ts";
import { referenceText } from "./recipe_reference.ts";

/** `recipe.yml` as a JSON Schema (2020-12), for editors that check the file while it is written; as it is published. */
export function schemaText(): string {
  const schema = {
    title: "cc-ci recipe.yml",
    description: "What cc-ci has to know about a recipe that the recipe does not say itself",
    ...jsonSchema(),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

// `deno run -A enrolment/recipe_schema.ts` writes the published schema and the document with all keys anew.
if (import.meta.main) {
  await Deno.writeTextFile(new URL("recipe.schema.json", import.meta.url), schemaText());
  await Deno.writeTextFile(new URL("../docs/recipe-yml.md", import.meta.url), referenceText());
}

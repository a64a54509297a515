import assert from "node:assert/strict";
import { schemaText } from "./recipe_schema.ts";

Deno.test("the published JSON Schema is that of recipe.yml", async () => {
  const published = await Deno.readTextFile(new URL("recipe.schema.json", import.meta.url));
  assert.equal(published, schemaText(), "Renew it: deno run -A enrolment/recipe_schema.ts");
});

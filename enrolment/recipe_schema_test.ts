import assert from "node:assert/strict";
import { keysByPlace } from "./known_keys.ts";
import { referenceText } from "./recipe_reference.ts";
import { schemaText } from "./recipe_schema.ts";

Deno.test("the published JSON Schema is that of recipe.yml", async () => {
  const published = await Deno.readTextFile(new URL("recipe.schema.json", import.meta.url));
  assert.equal(published, schemaText(), "Renew it: deno run -A enrolment/recipe_schema.ts");
});

Deno.test("docs/recipe-yml.md has all keys of recipe.yml", async () => {
  const published = await Deno.readTextFile(new URL("../docs/recipe-yml.md", import.meta.url));
  assert.equal(published, referenceText(), "Renew it: deno run -A enrolment/recipe_schema.ts");
  for (const [place, keys] of keysByPlace()) {
    for (const key of keys) {
      const rows = place === "" ? [`## ${key}\n`] : [`\`${place}.${key}\``, `\`${place}.*\` | One of`];
      assert.ok(rows.some((row) => published.includes(row)), `${place}.${key}`);
    }
  }
});

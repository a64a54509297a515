import assert from "node:assert/strict";
import { keysByPlace } from "../enrolment/known_keys.ts";
import { exists } from "../common/files.ts";
import { codeIn, document } from "./testing/documents.ts";

const recipes = await document("docs/recipes.md");
const guide = /^## By task$([^]*?)^## /m.exec(recipes)?.[1] ?? "";
/** What every recipe has, and needs no task for. */
const usual = ["repo", "upstream", "public"];

Deno.test("docs/recipes.md: every key of recipe.yml has a task that it is for, and the tasks name no others", () => {
  const named = codeIn(guide).flatMap((code) => /^[a-z_]+/.exec(code) ?? []);
  const keys = (keysByPlace().get("") ?? []).filter((key) => !usual.includes(key));
  assert.ok(keys.length > 10, "the keys are found some other way now");
  assert.deepEqual(keys.filter((key) => !named.includes(key)), []);
  const places = [...keysByPlace()].flatMap(([place, inner]) => inner.map((key) => `${place}.${key}`));
  const dotted = codeIn(guide).filter((code) =>
    /^[a-z_]+(\.[a-z_]+)+$/.test(code) && !/\.(ts|yml|sh|sample)$/.test(code)
  )
    .filter((code) => !/^env\./.test(code));
  assert.deepEqual(dotted.filter((code) => !places.includes(code)), []);
});

Deno.test("docs/recipes.md: the recipes that tasks name as examples are there", async () => {
  const examples = codeIn(guide).filter((code) => code.startsWith("recipes/"));
  assert.ok(examples.length > 0);
  for (const path of examples) assert.ok(await exists(new URL(`../${path}`, import.meta.url).pathname), path);
});

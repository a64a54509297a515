import assert from "node:assert/strict";
import { readRecipeYml } from "./recipe_yml.ts";

/** What each recipe needs beyond its page and data, by those who have enrolled it. */
const needed: Readonly<Record<string, readonly string[]>> = {
  drone: ["needs", "secrets"],
  authentik: ["secrets", "after_deploy"],
  "lasuite-docs": ["needs", "timeouts", "memory"],
  "lasuite-drive": ["needs", "ready", "extra_domains"],
  "lasuite-meet": ["needs", "expected_gaps"],
  mumble: ["exceptions", "ready", "expected_gaps", "env"],
  gitea: ["env", "secrets"],
  plausible: ["env", "health", "page"],
  "uptime-kuma": ["health"],
  discourse: ["timeouts", "memory", "lanes", "grace", "base"],
  n8n: ["page"],
  immich: ["backup"],
  "custom-html-tiny": ["files"],
  mailu: ["ready", "exceptions"],
  ghost: ["backup", "memory", "grace"],
  "bluesky-pds": ["base"],
  "matrix-synapse": ["expected_gaps"],
  "mattermost-lts": ["data"],
  "custom-html": ["data"],
  hedgedoc: [],
  keycloak: [],
  cryptpad: [],
};

const [, ...documents] = (await Deno.readTextFile(new URL("testing/real_recipes.yml", import.meta.url)))
  .split(/^---\n/m);

Deno.test("each of 22 real recipes can be enrolled by its recipe.yml alone", () => {
  const seen = documents.map((text) => {
    const reading = readRecipeYml(text);
    assert.ok(reading.ok, `${text}\n${reading.ok ? "" : reading.problem}`);
    const recipe = reading.said.repo.split("/")[1] ?? "";
    for (const key of needed[recipe] ?? assert.fail(recipe)) {
      assert.match(text, new RegExp(`^${key}:`, "m"), `${recipe} says nothing of "${key}"`);
    }
    return recipe;
  });
  assert.deepEqual(seen.toSorted(), Object.keys(needed).toSorted());
  assert.equal(seen.length, 22);
});

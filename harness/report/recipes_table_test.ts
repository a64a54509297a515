import assert from "node:assert/strict";
import stringWidth from "string-width";
import { lastRunOf, type ListedRecipe, recipesTable } from "./recipes_table.ts";
import { sampleResult, sampleStage } from "../../protocol/testing/sample_result.ts";

const now = Date.parse("2026-03-01T10:02:12.000Z");
const recipes: ListedRecipe[] = [
  { recipe: "a-recipe-with-a-name-that-nobody-would-give-it", last: null, gaps: [], invalid: false },
  {
    recipe: "talk",
    last: lastRunOf(sampleResult({ recipe: "talk" })),
    gaps: [
      "voice calls",
      "日本語 in a gap",
      "a-word-that-is-longer-than-any-column-of-a-narrow-terminal-could-be",
    ],
    invalid: false,
  },
];

Deno.test("the table of recipes fits into a terminal of any width, and names every recipe", () => {
  for (let width = 10; width < 200; width++) {
    const lines = recipesTable(recipes, { width, now });
    assert.deepEqual(lines.filter((line) => stringWidth(line) > width), [], `${width} columns`);
    assert.ok(
      lines.some((line) => line.startsWith("talk")) && lines.some((line) => line.startsWith("a-recip")),
    );
  }
});

Deno.test("a mistake in recipe.yml stands by itself, and not among what no run shows", () => {
  const [one] = recipes.slice(1).map((one) => ({ ...one, gaps: [], invalid: true }));
  assert.ok(one);
  const [header = "", row = "", more = ""] = recipesTable([one], { width: 120, now });
  assert.doesNotMatch(row, /mistake/);
  assert.equal(more, '  recipe.yml has a mistake: see "recipes check"');
  assert.match(header, /not shown by runs$/);
  assert.doesNotMatch(recipesTable([one], { width: 40, now }).join("\n"), /not shown/);
});

Deno.test("a run that a mistake in the enrolment kept from proving anything is not called trouble of the CI", () => {
  const told = (fault?: "enrolment") => {
    const stages = [
      sampleStage({ name: "backup", result: "infra", ...fault === undefined ? {} : { fault } }),
    ];
    return lastRunOf(sampleResult({ recipe: "talk", result: "infra", stage: "backup", stages })).told;
  };
  assert.equal(told("enrolment"), "could not be tested (enrolment)");
  assert.equal(told(), "CI trouble in backup");
});

Deno.test("a terminal that is too narrow for a table gets a paragraph for each recipe", () => {
  assert.deepEqual(
    recipesTable(recipes.slice(1).map((one) => ({ ...one, gaps: ["voice calls"] })), { width: 40, now }),
    [
      "talk",
      "  level 2, ✔ passed, 1 min ago",
      "  not shown by runs: voice calls",
    ],
  );
});

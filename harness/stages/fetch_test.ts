import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { Redactor } from "../run/redact.ts";
import { readSettings } from "../run/settings.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import { type FetchRun, fetchStage } from "./fetch.ts";

Deno.test("a recipe.yml with mistakes fails the stage as the enrolment's, with their place; none at all is CI trouble", async () => {
  const RECIPES = await Deno.makeTempDir();
  try {
    for (const [recipe, text] of [["wiki", "repo: a/wiki\nhelth: {}\n"], ["blog", "repo: [\n"]] as const) {
      await Deno.mkdir(join(RECIPES, recipe));
      await Deno.writeTextFile(join(RECIPES, recipe, "recipe.yml"), text);
    }
    const settings = readSettings((name) =>
      ({ CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: "/nonexistent", CCCI_RECIPES: RECIPES })[name]
    );
    const fetched = (recipe: string) => {
      const source = { kind: "forge", src: `a/${recipe}`, pr: 1, commit: null, revision: null } as const;
      const request = {
        mode: "ci",
        run: "r-1",
        recipe,
        source,
        base: null,
        only: null,
        keep: false,
      } as const;
      const run: FetchRun = {
        plan: { request, settings },
        redactor: new Redactor(),
        enrolment: defaultEnrolment(recipe),
        customised: [],
        send: () => {},
        repo: null,
        base: null,
        baseObstacle: null,
        compose: { head: null, base: null },
        checked: { install: null, base: null, upgrade: null },
        overrides: { install: null, base: null, upgrade: null },
        further: [],
        pictures: "",
      };
      return fetchStage(run, {} as StageContext);
    };
    const failed = (message: RegExp) => (error: unknown) => {
      assert.ok(error instanceof StageFailure);
      assert.equal(error.fault, "enrolment");
      assert.match(error.message, message);
      return true;
    };
    await assert.rejects(
      fetched("wiki"),
      failed(/^"recipes\/wiki\/recipe\.yml" is invalid: line 2, column 1: unknown key "helth"/),
    );
    await assert.rejects(
      fetched("blog"),
      failed(/^"recipes\/blog\/recipe\.yml" does not parse: line 2, column 1: /),
    );
    await assert.rejects(fetched("shop"), (error) => error instanceof InfraFailure);
  } finally {
    await Deno.remove(RECIPES, { recursive: true });
  }
});

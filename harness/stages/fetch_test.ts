import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { Redactor } from "../run/redact.ts";
import { readSettings, type Settings } from "../run/settings.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import { type FetchRun, fetchStage } from "./fetch.ts";

/** A run of a recipe from the forge. */
function forgeRun(
  recipe: string,
  { settings, mode = "ci" }: { settings: Settings; mode?: "ci" | "local" },
): FetchRun {
  const pr = mode === "ci" ? 1 : null;
  const source = { kind: "forge", src: `a/${recipe}`, pr, commit: null, revision: null } as const;
  const request = { mode, run: "r-1", recipe, source, base: null, only: null, keep: false };
  return {
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
}

Deno.test("who asks at a terminal for a recipe that the forge lacks is told what else can be given", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "wiki"));
    await Deno.writeTextFile(join(root, "wiki", "recipe.yml"), "repo: a/wiki\n");
    const settings = readSettings((name) =>
      ({
        CCCI_BASE_DOMAIN: "ci.test",
        CCCI_RUNS: join(root, "runs"),
        CCCI_RECIPES: root,
        CCCI_FORGE_URL: `file://${root}`,
      })[name]
    );
    const ctx = { log: () => {}, note: () => {}, signal: new AbortController().signal };
    const detail = async (mode: "ci" | "local") => {
      const error = await fetchStage(forgeRun("wiki", { settings, mode }), ctx as unknown as StageContext)
        .catch((error) => error);
      assert.ok(error instanceof StageFailure, String(error));
      assert.match(error.message, /^There is no git repository at "file:.*\/a\/wiki\.git"$/);
      return error.detail;
    };
    assert.match(await detail("local") ?? "", /path of a checkout or a git URL in place of a name/);
    assert.equal(await detail("ci"), undefined);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

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
    const fetched = (recipe: string) => fetchStage(forgeRun(recipe, { settings }), {} as StageContext);
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

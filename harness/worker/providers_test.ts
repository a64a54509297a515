import assert from "node:assert/strict";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import type { RunContext } from "../checks/context.ts";
import { StageBlocked, type StageContext, StageTimeout } from "../run/stage.ts";
import { awaitProviders, deployProviders } from "./providers.ts";

Deno.test("a provider whose enrolment cannot be read blocks, by its name, and its recipe is not blamed", async () => {
  const recipes = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    await Deno.mkdir(`${recipes}/login`);
    await Deno.writeTextFile(`${recipes}/login/recipe.yml`, "rpo: a/login\n");
    const run = {
      plan: {
        apps: [{ domain: "wiki-0a1b2c.ci.test" }],
        providers: [{ recipe: "login", domain: "logi-0a1b2c.ci.test" }],
        settings: { RECIPES: recipes },
      },
      enrolment: { ...defaultEnrolment("wiki"), needs: [{ recipe: "login" }] },
    } as unknown as RunContext;
    const ctx = { log: () => {}, signal: new AbortController().signal } as unknown as StageContext;
    const newApp = () => assert.fail("nothing is deployed");
    await assert.rejects(deployProviders(run, { ctx, newApp }), (error) => {
      assert.ok(error instanceof StageBlocked);
      assert.match(
        error.message,
        /^provider "login": "recipes\/login\/recipe\.yml" is invalid: line 1, column 1: unknown key "rpo"/,
      );
      return true;
    });
  } finally {
    await Deno.remove(recipes, { recursive: true });
  }
});

Deno.test("a stage that waits for providers which another one deploys has its own time, and hears of their trouble", async () => {
  const stop = new AbortController();
  const waits = awaitProviders(new Promise(() => {}), stop);
  stop.abort(new StageTimeout(1_000));
  await assert.rejects(waits, { code: "stage.timeout" });
  const { signal } = new AbortController();
  await awaitProviders(Promise.resolve(), { signal });
  const blocked = Promise.reject(new StageBlocked('provider "login": it crashes'));
  await assert.rejects(awaitProviders(blocked, { signal }), { code: "stage.blocked" });
});

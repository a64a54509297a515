import assert from "node:assert/strict";
import { join } from "node:path";
import { silentProgress } from "../local/host/progress.ts";
import { ensureImages } from "../local/images/mod.ts";
import { seedRecipe } from "../local/stack/seed_recipe.ts";
import { ensureStack } from "../local/stack/stack.ts";
import { HarnessRun, janitor, removeKept, runRecipe } from "./harness_cli.ts";
import { RunFolder } from "../harness/run/folder.ts";
import { assertNothingLeft, removeStack } from "./inventory.ts";
import { stage } from "./on_the_stack.ts";
import { onRealServices } from "./scene.ts";

const RECIPE = "miniflux-oidc";
const PROVIDER = "oidc-provider";

/** What is wrong with the file that sets the provider up. */
const throwing = `import { hand, setup } from "cc-ci";
setup(async () => {
  await hand("client_secret", "correct-horse", { secret: true });
  throw new Error("Nobody takes correct-horse");
});
`;

/** A test that prints what a setting of the app hides. */
const printing = `test("prints", () => console.log("It is battery-staple"));\n`;

onRealServices(
  "people log in at a provider that a run deploys and the next one finds, and at one that was left up; one whose set-up fails blocks the run",
  async () => {
    const stack = await ensureStack({ progress: silentProgress, parts: ["gitea", "backup-bot"] });
    const { cache, engineIsOurs } = stack;
    for (const recipe of [RECIPE, PROVIDER]) {
      await ensureImages(recipe, { progress: silentProgress, cache, engineIsOurs });
      await seedRecipe(stack, recipe);
    }
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    try {
      const runs = join(folder, "runs");
      const recipes = join(folder, "recipes");
      for (const recipe of [RECIPE, PROVIDER]) {
        await Deno.mkdir(join(recipes, recipe), { recursive: true });
        for await (const { name } of Deno.readDir(`recipes/${recipe}`)) {
          await Deno.copyFile(`recipes/${recipe}/${name}`, join(recipes, recipe, name));
        }
      }
      const env = { CCCI_RECIPES: recipes };
      const recipeYml = join(recipes, RECIPE, "recipe.yml");
      const said = await Deno.readTextFile(recipeYml);
      await Deno.writeTextFile(recipeYml, said.replace("setup: oidc.ts", "setup: oidc.ts\n    warm: true"));
      await using run = new HarnessRun(stack, { runs, args: [RECIPE], env });
      const passed = await run.ended;
      assert.equal(passed.result?.result, "passed", passed.stderr);
      assert.deepEqual(passed.result.leftovers, []);
      for (const name of ["install", "restore", "upgrade"]) {
        assert.match(stage(passed, name)?.proofs.join("; ") ?? "", /1 test passed/, passed.stderr);
      }
      await using again = new HarnessRun(stack, { runs, args: [RECIPE, "--only", "install"], env });
      const warm = await again.ended;
      assert.equal(warm.result?.result, "passed", warm.stderr);
      const log = await Deno.readTextFile(join(runs, warm.result.run, "stages", "install.log"));
      assert.match(log, /^\[oidc-provider\] An earlier run has left it up$/m);
      assert.match(log, /^\[oidc-provider\] It has what an earlier run made there, for oidc\.ts to remove$/m);
      const [provider] = (await new RunFolder(join(runs, warm.result.run)).plan())?.providers ?? [];
      // It would take other tests' apps as well, which no run of this folder names.
      const old = { args: ["--dry-run"], env: { CCCI_JANITOR_MAX_AGE: "0" } };
      const { stdout } = await janitor({ stack, runs }, old);
      assert.ok(provider !== undefined && stdout.includes(provider.stack), stdout);
      await removeStack(provider.stack);
      await assertNothingLeft(runs);

      await Deno.writeTextFile(
        recipeYml,
        said.replace("\nenv:", "\nenv:\n  PRINTED_PASSWORD: battery-staple"),
      );
      await Deno.writeTextFile(join(recipes, RECIPE, "install_test.ts"), printing, { append: true });
      const kept = await runRecipe(stack, { runs, args: [RECIPE, "--only", "install", "--keep"], env });
      try {
        assert.equal(kept.result?.result, "passed", kept.stderr);
        const tested = await runRecipe(stack, { runs, args: [RECIPE, "--tests-only"], env });
        assert.equal(tested.code, 0, tested.stdout + tested.stderr);
        assert.match(tested.stdout, /It is •••\n[^]*✔ install: 2 tests passed/);
      } finally {
        await removeKept(stack, join(runs, kept.result?.run ?? ""));
      }
      await assertNothingLeft(runs);

      await Deno.writeTextFile(recipeYml, said);
      await Deno.writeTextFile(join(recipes, RECIPE, "oidc.ts"), throwing);
      await using blockedRun = new HarnessRun(stack, { runs, args: [RECIPE, "--only", "install"], env });
      const blocked = await blockedRun.ended;
      assert.equal(blocked.result?.result, "infra", blocked.stderr);
      const { result, reason } = stage(blocked, "install") ?? {};
      assert.deepEqual([result, reason], [
        "blocked",
        `provider "oidc-provider": recipes/miniflux-oidc/oidc.ts:4: Nobody takes •••`,
      ]);
      assert.doesNotMatch(JSON.stringify(blocked.result), /correct-horse/);
      assert.deepEqual(blocked.result?.leftovers, []);
      await assertNothingLeft(runs);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

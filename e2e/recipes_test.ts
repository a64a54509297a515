import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../common/exec.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureImages } from "../local/images/mod.ts";
import { buildPullRequest, buildRecipeRepo } from "../local/recipes/mod.ts";

import { runRecipe } from "./harness_cli.ts";
import { onTheStack } from "./on_the_stack.ts";

/** Enrolled recipes that no other suite tests: `demo` has custom-html, and `loop` miniflux. */
for (const recipe of ["gitea", "mumble", "prosody", "radicale", "wordpress"]) {
  onTheStack(`${recipe}: its pull request reaches level 5`, async ({ stack, folder, runs }) => {
    const { cache, engineIsOurs } = stack;
    await ensureImages(recipe, { progress: silentProgress, cache, engineIsOurs });
    const path = join(folder, recipe);
    const { tags } = await buildRecipeRepo(recipe, path);
    const { branch } = await buildPullRequest(recipe, path, "good");
    await execOk(["git", "-C", path, "checkout", "--quiet", branch]);
    const { result, stderr } = await runRecipe(stack, { runs, args: [path], env: { CCCI_LANES: "2" } });
    assert.equal(result?.result, "passed", stderr);
    assert.equal(result.level, 5, stderr);
    assert.equal(result.base, tags.at(-1));
    const upgrade = result.stages.find(({ name }) => name === "upgrade");
    const bases = upgrade?.bases?.map(({ version, result }) => `${version} ${result}`);
    const all = tags.toReversed().map((version) => `${version} passed`);
    assert.deepEqual(bases, recipe === "radicale" ? all : undefined); // it names both in its recipe.yml
    const skipped = result.stages.filter(({ result }) => result !== "passed").map(({ name }) => name);
    assert.deepEqual(skipped, ["tests"]); // none of them brings tests of its own
    for (const name of ["restore", "upgrade"]) {
      const stage = result.stages.find((one) => one.name === name);
      assert.match(JSON.stringify(stage?.proofs), /1 record read back/, name);
    }
  });
}

import assert from "node:assert/strict";
import { exec } from "../common/exec.ts";
import { terminalProgress } from "../local/host/progress.ts";
import { imagesOfRecipe } from "../local/images/catalogue.ts";
import { ensureImages } from "../local/images/mod.ts";
import { stackForRuns } from "./harness_cli.ts";
import { onRealServices } from "./scene.ts";

onRealServices("every image that a recipe of the local stack names is pulled or made", async () => {
  const { cache, engineIsOurs } = await stackForRuns();
  const progress = terminalProgress();
  for (const [recipe, images] of Object.entries(imagesOfRecipe)) {
    await ensureImages(recipe, { progress, cache, engineIsOurs });
    for (const { tag } of images) {
      assert.ok((await exec(["docker", "image", "inspect", tag])).success, `${recipe}: ${tag}`);
    }
  }
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { waitFor } from "../common/time.ts";
import { engineClient } from "../local/docker/client.ts";
import { DOCKER_VERSION } from "../local/docker/engine_program.ts";
import { restartEngine } from "../local/docker/own_engine.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack } from "../local/stack/stack.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { HarnessRun, stackForRuns } from "./harness_cli.ts";
import { objectsOf } from "./inventory.ts";
import { onRealServices } from "./scene.ts";
import { foreignEngine } from "./testing/foreign_engine.ts";

onRealServices(
  "Docker restarted in the middle of a run is never the recipe's fault, and nothing stays",
  async () => {
    const stack = await stackForRuns();
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    try {
      const version = async () => (await engineClient().version()).Version;
      if (!Deno.env.get("CCCI_DOCKERD")) assert.equal(await version(), DOCKER_VERSION);
      const before = await version();
      const recipe = await makeRecipe(join(folder, "quick"));
      const runs = join(folder, "runs");
      await using run = new HarnessRun(stack, { runs, args: [recipe], env: { CCCI_LANES: "2" } });
      const path = await run.folder();
      await waitFor(async () => (await objectsOf(path, "container")).length > 0, {
        what: "a container of the run",
        timeoutMs: 300_000,
      });
      await restartEngine(stack.paths, silentProgress.step("Docker Engine"));
      assert.equal(await version(), before, "the same engine is started again");
      const ended = await run.ended;
      if (ended.code !== 0) { // the app may come back in time, and then the run rightly passes
        assert.equal(ended.code, 3, ended.stderr);
        assert.match(ended.result?.cause ?? "", /Docker/);
      }
      assert.deepEqual(ended.result?.leftovers, []);
      assert.deepEqual(await objectsOf(path), []);
    } finally {
      await ensureStack({ progress: silentProgress });
      await Deno.remove(folder, { recursive: true });
    }
  },
  await foreignEngine(),
);

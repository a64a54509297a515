import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommandOk } from "../common/command.ts";
import { isRoot, onPath } from "../local/host/host.ts";
import { silentProgress } from "../local/host/progress.ts";
import { stopStack } from "../local/stack/stack.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { runRecipe, stackForRuns } from "./harness_cli.ts";
import { objectsOf } from "./inventory.ts";
import { onRealServices } from "./scene.ts";
import { foreignEngine } from "./testing/foreign_engine.ts";

const installed = await onPath("dockerd");

/** Why the installed engine cannot be started here. */
const obstacle = installed === undefined
  ? "no dockerd is installed"
  : isRoot()
  ? await foreignEngine()
  : "it starts a Docker Engine, which needs root";

onRealServices(
  "on the Docker Engine that this machine has installed, as old as it may be, a run with the floor passes",
  async () => {
    const version = await runCommandOk([installed ?? "", "--version"]);
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    await stopStack({ progress: silentProgress });
    Deno.env.set("CCCI_DOCKERD", installed ?? "");
    try {
      const stack = await stackForRuns();
      const recipe = await makeRecipe(join(folder, "quick"));
      const runs = join(folder, "runs");
      const env = { CCCI_REQUIRE_FLOOR: "1" };
      const { code, result, stderr } = await runRecipe(stack, { runs, args: [recipe], env });
      assert.equal(code, 0, stderr);
      assert.ok(version.stdout.includes(` ${result?.versions.docker},`), "another engine was started");
      assert.deepEqual(result?.stages.map(({ result }) => result).filter((one) => one === "failed"), []);
      assert.deepEqual(result?.leftovers, []);
      assert.deepEqual(await objectsOf(join(runs, result?.run ?? "")), []);
    } finally {
      Deno.env.delete("CCCI_DOCKERD");
      await stopStack({ progress: silentProgress });
      await Deno.remove(folder, { recursive: true });
    }
  },
  obstacle,
);

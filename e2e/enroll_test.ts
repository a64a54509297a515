import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../common/exec.ts";
import { loadEnrolment } from "../enrolment/enrolment.ts";
import { silentProgress } from "../local/host/progress.ts";
import { seedRecipe } from "../local/stack/seed_recipe.ts";
import { ensureStack } from "../local/stack/stack.ts";
import { onTheStack } from "./on_the_stack.ts";

const launcher = new URL("../cc-ci", import.meta.url).pathname;

onTheStack(
  "a recipe is enrolled from its git URL without a question, and passes at once, its database's data included",
  async ({ folder, runs }) => {
    const stack = await ensureStack({ progress: silentProgress });
    const url = await seedRecipe(stack, "miniflux");
    const recipes = join(folder, "recipes");
    await Deno.mkdir(recipes);
    const enroll = async (target: string, ...args: string[]) =>
      await exec([launcher, "enroll", target, "--into", recipes, ...args], {
        env: { CCCI_RUNS: runs },
        timeoutMs: 900_000,
      });
    const hidden = await enroll(url.replace("miniflux", "nothing"), "--yes");
    assert.equal(hidden.code, 2, hidden.stdout);
    assert.match(
      hidden.stderr,
      /^There is no repository at "\S+nothing\.git", or none that anybody may read$/m,
    );
    const enrolled = await enroll(url, "--yes");
    assert.equal(enrolled.code, 0, `${enrolled.stdout}\n${enrolled.stderr}`);
    const { repo, data } = await loadEnrolment(recipes, "miniflux");
    assert.equal(repo, "recipe-maintainers/miniflux");
    assert.match(data.read[0]?.command ?? "", /psql .*cc_ci_marker/);
    assert.match(enrolled.stderr, /restore passed: 1 record read back/);
    assert.match(enrolled.stderr, /upgrade passed: .* 1 record read back/);
    assert.match(enrolled.stdout, /What next:\n/);
    const again = await enroll(url, "--yes");
    assert.equal(again.code, 2, again.stdout);
    assert.match(again.stderr, /has a folder already/);
    const questions = await enroll(url, "--force");
    assert.match(questions.stderr, /^Enrolling asks questions, and there is no terminal/m);
  },
);

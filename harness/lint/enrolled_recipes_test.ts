import assert from "node:assert/strict";
import { execOk } from "../../common/exec.ts";
import { buildPullRequest, buildRecipeRepo, recipeNames, variantsOf } from "../../local/recipes/mod.ts";
import { composeEnvironment, domainsOf } from "../app/settings.ts";
import { loadCompose } from "../recipe/compose.ts";
import { findDockerClient } from "../../common/docker_client.ts";
import { confine } from "../confinement/confinement.ts";
import { defaultEnrolment, loadEnrolment } from "../../enrolment/enrolment.ts";
import { checkRecipe } from "./check_recipe.ts";
import { nameBudget } from "./name_lengths.ts";

const recipes = new URL("../../recipes", import.meta.url).pathname;
const domain = "some-0a1b2c.ci.localhost";
const stack = "some-0a1b2c_ci_localhost";

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const recipe of recipeNames) {
  Deno.test(`${recipe}: no commit of the recipe breaks a rule of confinement or lint`, async () => {
    await withFolder(async (folder) => {
      const checkout = `${folder}/${recipe}`;
      const { head, tags } = await buildRecipeRepo(recipe, checkout);
      const pulls = [];
      for (const variant of variantsOf(recipe)) {
        pulls.push((await buildPullRequest(recipe, checkout, variant)).commit);
      }
      const enrolment = await loadEnrolment(recipes, recipe);
      for (const commit of [...tags, head, ...pulls]) {
        await execOk(["git", "-C", checkout, "checkout", "--quiet", "--detach", commit]);
        const compose = await loadCompose(
          checkout,
          await composeEnvironment(checkout, { enrolment, domain, stack }),
        );
        assert.ok(compose.ok, compose.ok ? "" : compose.message);
        const domains = domainsOf(domain, enrolment);
        const { exceptions } = enrolment;
        const client = await findDockerClient();
        assert.ok(client !== null, "no docker client here has `stack config`");
        const confined = await confine(compose, { checkout, stack, domains, exceptions, client });
        assert.deepEqual(confined.findings, [], commit);
        const sample = await Deno.readTextFile(`${checkout}/.env.sample`);
        const abraSh = await Deno.readTextFile(`${checkout}/abra.sh`);
        const parts = { compose, root: await Deno.realPath(checkout), stack, sample, abraSh };
        assert.deepEqual(checkRecipe(parts), [], commit);
        assert.deepEqual(nameBudget(compose, stack).findings, [], commit);
      }
    });
  });
}

Deno.test("after an upgrade an app has its old settings, and only those of the new sample that it lacked", async () => {
  await withFolder(async (folder) => {
    for (
      const [name, sample] of Object.entries({ old: "DATA=/srv\nKEPT=1\n", new: "DATA=data\nADDED=$DATA\n" })
    ) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.writeTextFile(`${folder}/${name}/.env.sample`, sample);
    }
    await Deno.writeTextFile(`${folder}/new/abra.sh`, "export CONF_VERSION=v2\n");
    const upgraded = { enrolment: defaultEnrolment("some"), domain, stack, installedFrom: `${folder}/old` };
    const env = await composeEnvironment(`${folder}/new`, upgraded);
    assert.equal(env.DATA, "/srv");
    assert.equal(env.KEPT, "1");
    assert.equal(env.ADDED, "/srv");
    assert.equal(env.CONF_VERSION, "v2");
    assert.equal(env.DOMAIN, domain);
  });
});

Deno.test("settings behind a link that leads out of the recipe are not read", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/recipe`);
    await Deno.writeTextFile(`${folder}/outside`, "SECRET=1\n");
    await Deno.symlink("../outside", `${folder}/recipe/.env.sample`);
    const env = await composeEnvironment(`${folder}/recipe`, {
      enrolment: defaultEnrolment("some"),
      domain,
      stack,
    });
    assert.equal(env.SECRET, undefined);
  });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execOk } from "../../common/exec.ts";
import { Git } from "../../harness/recipe/git.ts";
import { HostError } from "../errors.ts";
import { fetchRecipe, lookAtRecipe } from "./recipes.ts";

const git = new Git({ BASE_DOMAIN: "ci.example.org", INGRESS: "127.0.0.1:443" });

async function publish(folder: string, version: string): Promise<void> {
  const author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  await Deno.writeTextFile(join(folder, "compose.yml"), `# ${version}\n`);
  await execOk(["git", "-C", folder, "add", "."]);
  await execOk(["git", "-C", folder, ...author, "commit", "--quiet", "--message", version]);
  await execOk(["git", "-C", folder, ...author, "tag", "--annotate", "--message", version, version]);
}

Deno.test("a recipe is cloned at its newest version, learns of others when asked for them, and changes are thrown away", async () => {
  const tmp = await Deno.makeTempDir();
  try {
    const upstream = join(tmp, "traefik.git");
    await execOk(["git", "init", "--quiet", upstream]);
    for (const version of ["1.0.0+v3.0", "1.10.0+v3.1", "1.9.0+v3.1"]) await publish(upstream, version);
    const recipe = { url: pathToFileURL(upstream).href, folder: join(tmp, "recipes", "traefik") };
    assert.equal(await lookAtRecipe(git, recipe.folder), null);
    await fetchRecipe(git, { ...recipe, version: null });
    assert.deepEqual(await lookAtRecipe(git, recipe.folder), {
      versions: ["1.10.0+v3.1", "1.9.0+v3.1", "1.0.0+v3.0"],
      at: ["1.10.0+v3.1"],
    });
    await publish(upstream, "2.0.0+v3.2");
    await fetchRecipe(git, { ...recipe, version: "2.0.0+v3.2" });
    assert.deepEqual((await lookAtRecipe(git, recipe.folder))?.at, ["2.0.0+v3.2"]);
    await Deno.writeTextFile(join(recipe.folder, "compose.yml"), "changed by hand");
    assert.deepEqual((await lookAtRecipe(git, recipe.folder))?.at, []);
    await fetchRecipe(git, { ...recipe, version: "2.0.0+v3.2" });
    assert.deepEqual((await lookAtRecipe(git, recipe.folder))?.at, ["2.0.0+v3.2"]);
    // One commit that was published twice is both versions.
    await execOk(["git", "-C", upstream, "tag", "2.0.1+v3.2"]);
    await fetchRecipe(git, { ...recipe, version: "2.0.1+v3.2" });
    assert.deepEqual((await lookAtRecipe(git, recipe.folder))?.at, ["2.0.1+v3.2", "2.0.0+v3.2"]);
    await assert.rejects(fetchRecipe(git, { ...recipe, version: "3.0.0+v4" }), (error: HostError) => {
      assert.match(error.message, /has no version "3\.0\.0\+v4"$/);
      return error.outcome === "wrong";
    });
    await Deno.rename(upstream, `${upstream}.away`);
    const other = { ...recipe, folder: join(tmp, "recipes", "other"), version: null };
    await assert.rejects(fetchRecipe(git, other), (error: HostError) => error.outcome === "not yet");
    assert.equal(await lookAtRecipe(git, other.folder), null);
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
});

const broken: Record<string, (folder: string) => Promise<void>> = {
  "whose git was killed while it wrote": (folder) =>
    Deno.writeTextFile(join(folder, ".git", "index.lock"), ""),
  "whose index was cut off": (folder) => Deno.writeTextFile(join(folder, ".git", "index"), ""),
  "whose head is lost": (folder) => Deno.remove(join(folder, ".git", "HEAD")),
  "whose objects are lost": (folder) => Deno.remove(join(folder, ".git", "objects"), { recursive: true }),
  "that is a folder of files only": (folder) => Deno.remove(join(folder, ".git"), { recursive: true }),
};
for (const [what, harm] of Object.entries(broken)) {
  Deno.test(`a clone ${what} is replaced by a new one, once its address answers`, async () => {
    const tmp = await Deno.makeTempDir();
    try {
      const upstream = join(tmp, "traefik.git");
      await execOk(["git", "init", "--quiet", upstream]);
      for (const version of ["1.0.0+v3.0", "1.1.0+v3.1"]) await publish(upstream, version);
      const recipe = { url: pathToFileURL(upstream).href, folder: join(tmp, "recipes", "traefik") };
      await fetchRecipe(git, { ...recipe, version: "1.0.0+v3.0" });
      await harm(recipe.folder);
      await Deno.rename(upstream, `${upstream}.away`);
      const asked = { ...recipe, version: "1.1.0+v3.1" };
      await assert.rejects(fetchRecipe(git, asked), (error: HostError) => error.outcome === "not yet");
      assert.match(await Deno.readTextFile(join(recipe.folder, "compose.yml")), /1\.0\.0/);
      await Deno.rename(`${upstream}.away`, upstream);
      await fetchRecipe(git, asked);
      assert.deepEqual((await lookAtRecipe(git, recipe.folder))?.at, ["1.1.0+v3.1"]);
    } finally {
      await Deno.remove(tmp, { recursive: true });
    }
  });
}

Deno.test("a version that was published anew keeps nobody from the versions after it", async () => {
  const tmp = await Deno.makeTempDir();
  try {
    const upstream = join(tmp, "traefik.git");
    await execOk(["git", "init", "--quiet", upstream]);
    await publish(upstream, "1.0.0+v3.0");
    const recipe = { url: pathToFileURL(upstream).href, folder: join(tmp, "recipes", "traefik") };
    await fetchRecipe(git, { ...recipe, version: null });
    await publish(upstream, "1.1.0+v3.1");
    await execOk(["git", "-C", upstream, "tag", "--force", "1.0.0+v3.0", "HEAD"]);
    await fetchRecipe(git, { ...recipe, version: "1.1.0+v3.1" });
    assert.deepEqual((await lookAtRecipe(git, recipe.folder))?.at, ["1.1.0+v3.1", "1.0.0+v3.0"]);
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
});

import { deepEqual, equal, notEqual } from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { imagesOfRecipe } from "./catalogue.ts";
import { contentHash, filesOf } from "./content.ts";
import { Ledger } from "./ledger.ts";

async function composeFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...await composeFiles(path));
    else if (entry.name === "compose.yml") found.push(path);
  }
  return found;
}

Deno.test("every image that any version of a recipe names can be made, and no other is", async () => {
  const recipes = join(import.meta.dirname ?? ".", "..", "recipes");
  for (const [recipe, images] of Object.entries(imagesOfRecipe)) {
    const named = new Set<string>();
    for (const path of await composeFiles(join(recipes, recipe))) {
      const { services } = parse(await Deno.readTextFile(path));
      for (const { image } of Object.values<{ image: string }>(services)) named.add(image);
    }
    deepEqual([...named].sort(), images.map(({ tag }) => tag).sort());
  }
});

Deno.test("the tag of an image ends with the version that is put inside", () => {
  for (const { tag, version } of Object.values(imagesOfRecipe).flat()) {
    equal(tag.endsWith(`:${version}`), true);
  }
});

Deno.test("a content hash follows bytes, names and inputs, not the folder's place", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["a", "b"]) {
      await Deno.mkdir(join(folder, name));
      await Deno.writeTextFile(join(folder, name, "Dockerfile"), "FROM x\n");
    }
    const hashOf = async (name: string, ...inputs: string[]) => {
      return await contentHash(await filesOf(join(folder, name)), inputs);
    };
    const before = await hashOf("a", "1");
    equal(before, await hashOf("b", "1"));
    notEqual(before, await hashOf("a", "2"));
    await Deno.writeTextFile(join(folder, "a", "Dockerfile"), "FROM y\n");
    notEqual(before, await hashOf("a", "1"));
    await Deno.rename(join(folder, "b", "Dockerfile"), join(folder, "b", "Dockerfile2"));
    notEqual(before, await hashOf("b", "1"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the ledger keeps one entry per engine and tag, and starts empty", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const ledger = new Ledger(cache);
    deepEqual(await ledger.read(), []);
    await ledger.add({ engine: "e", tag: "t", content: "1" });
    await ledger.add({ engine: "e", tag: "t", content: "2" });
    await ledger.add({ engine: "f", tag: "t", content: "1" });
    await ledger.remove("f", "t");
    deepEqual(await ledger.read(), [{ engine: "e", tag: "t", content: "2" }]);
    await Deno.writeTextFile(join(cache, "images", "made.json"), "half a fi");
    deepEqual(await ledger.read(), []);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { runCommandOk } from "../../common/command.ts";
import { parseAbraSh } from "../../common/abra_sh.ts";
import { schemaError } from "../abra/schema.ts";
import { histories } from "./histories.ts";
import { buildPullRequest, buildRecipeRepo, recipeNames, variantsOf } from "./mod.ts";
import { parse } from "yaml";

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function git(folder: string, ...args: string[]): Promise<string> {
  return (await runCommandOk(["git", "-C", folder, ...args])).stdout.trimEnd();
}

/** File names and contents of a commit. */
async function filesAt(folder: string, revision: string): Promise<Record<string, string>> {
  const names = (await git(folder, "ls-tree", "-r", "--name-only", revision)).split("\n");
  const contents = names.map(async (name) => [name, await git(folder, "show", `${revision}:${name}`)]);
  return Object.fromEntries(await Promise.all(contents));
}

for (const recipe of recipeNames) {
  Deno.test(`${recipe}: the same sources give the same commits, whoever makes them`, async () => {
    const [first, second] = await Promise.all([0, 1].map(() =>
      withFolder(async (folder) => {
        const { head, tags } = await buildRecipeRepo(recipe, folder);
        const { commit } = await buildPullRequest(recipe, folder, "good");
        return { head, tags, commit };
      })
    ));
    deepEqual(first, second);
    match(first?.head ?? "", /^[0-9a-f]{40}$/);
  });

  Deno.test(`${recipe}: releases are annotated tags named as the compose file's label says`, async () => {
    await withFolder(async (folder) => {
      const { tags } = await buildRecipeRepo(recipe, folder);
      equal(tags.length >= 2, true);
      for (const tag of tags) {
        equal(await git(folder, "cat-file", "-t", `refs/tags/${tag}`), "tag");
        const files = await filesAt(folder, tag);
        match(files["compose.yml"] ?? "", new RegExp(`\\.version=${tag.replaceAll(/[.+]/g, "\\$&")}"`));
        notEqual(files[`release/${tag}`], undefined);
        match(
          files[".env.sample"] ?? "",
          new RegExp(`^TYPE=${recipe}\n\nDOMAIN=${recipe}\\.example\\.com\n`),
        );
      }
    });
  });

  Deno.test(`${recipe}: every config that changed has a new version, and nothing breaks abra's schema`, async () => {
    await withFolder(async (folder) => {
      await buildRecipeRepo(recipe, folder);
      const revisions = (await git(folder, "rev-list", "--reverse", "main")).split("\n");
      for (const variant of variantsOf(recipe)) {
        const { commit } = await buildPullRequest(recipe, folder, variant);
        await checkSteps(folder, [...revisions, commit]);
      }
      equal(await git(folder, "symbolic-ref", "--short", "HEAD"), "main");
    });
  });

  if (!variantsOf(recipe).includes("loses-data")) continue;
  Deno.test(`${recipe}: the pull request that loses data mounts another volume or another place`, async () => {
    await withFolder(async (folder) => {
      await buildRecipeRepo(recipe, folder);
      const { commit } = await buildPullRequest(recipe, folder, "loses-data");
      const mounts = async (revision: string) => {
        const { services } = parse((await filesAt(folder, revision))["compose.yml"] ?? "");
        return Object.values<{ volumes?: string[] }>(services).flatMap(({ volumes }) => volumes ?? []);
      };
      notEqual((await mounts("main")).join(), (await mounts(commit)).join());
    });
  });
}

async function checkSteps(folder: string, revisions: string[]): Promise<void> {
  let before: Record<string, string> | undefined;
  for (const revision of revisions) {
    const files = await filesAt(folder, revision);
    const doc = parse(files["compose.yml"] ?? "");
    equal(schemaError(doc), undefined);
    for (const { name, file } of Object.values<{ name: string; file: string }>(doc.configs ?? {})) {
      const variable = /\$\{(\w+_VERSION)\}$/.exec(name)?.[1] ?? "";
      const version = parseAbraSh(files["abra.sh"] ?? "")[variable];
      notEqual(version, undefined, `${variable} is exported`);
      if (before?.[file] === undefined || before[file] === files[file]) continue;
      notEqual(
        parseAbraSh(before["abra.sh"] ?? "")[variable],
        version,
        `${file} changed, ${variable} did not`,
      );
    }
    before = files;
  }
}

Deno.test("a recipe without sources is refused by name", async () => {
  await rejects(buildRecipeRepo("nonesuch", "/nonexistent"), {
    code: "recipe.source",
    message: /"nonesuch"/,
  });
  await rejects(buildPullRequest("radicale", "/nonexistent", "loses-data"), {
    code: "recipe.source",
    message: /"loses-data" of "radicale"/,
    hint: "It has good",
  });
  equal(Object.keys(histories).includes("constructor"), false);
  await rejects(buildRecipeRepo("constructor", "/nonexistent"), { code: "recipe.source" });
});

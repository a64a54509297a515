import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { recipesCheck } from "./recipes.ts";
import { recipesList } from "./recipes_list.ts";
import { sampleResult } from "../../protocol/testing/sample_result.ts";

/** Calls `work` with a folder that holds the given files, and with what a command needs and writes. */
async function inFolder(
  files: Readonly<Record<string, string>>,
  work: (at: { root: string; RECIPES: string; RUNS: string; DENO: string }) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "ccci-test-" }));
  const settings = { root, RECIPES: join(root, "recipes"), RUNS: join(root, "runs"), DENO: Deno.execPath() };
  try {
    await Deno.mkdir(settings.RECIPES);
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(root, name)), { recursive: true });
      await Deno.writeTextFile(join(root, name), text);
    }
    await work(settings);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const EXPECTED = `\
✘ blog
  recipes/blog/recipe.yml:3:3: unknown key "health.titel", probably meant as "health.title"
  recipes/blog/recipe.yml:4:1: "public" must be true or false, and is text
✔ copy
✘ empty
  recipes/empty: there is no recipe.yml, so the recipe is not enrolled
✘ shop
  recipes/shop/recipe.yml:3:10: "secrets.key.file" names "nowhere.pem", which is not there, or cannot be read
  recipes/shop/instal_test.ts: note: The file looks like a test and is not run: a run takes …
✘ wiki
  recipes/wiki/recipe.yml:1:1: "repo" is the repository of recipe "copy": a repository belongs to one recipe
  recipes/wiki/install_test.ts:2:26: There is no "nothing" on Readonly<App>
✘ zine
  recipes/zine/recipe.yml:2:1: what begins with "[" has no "]" at its end
6 recipes checked, 5 with mistakes
`;

const fine = 'import { app, test } from "cc-ci";\ntest("x", () => void app.domain);\n';

Deno.test("recipes check names what is wrong in recipe.yml, in files that it names and in tests, each with its place", async () => {
  await inFolder({
    "recipes/blog/recipe.yml": "repo: a/blog\nhealth:\n  titel: x\npublic: maybe\n",
    "recipes/blog/install_test.ts": fine,
    "recipes/copy/recipe.yml": "repo: A/Wiki\n",
    "recipes/empty/notes.txt": "to do",
    "recipes/shop/recipe.yml": "repo: a/shop\nsecrets:\n  key: { file: nowhere.pem }\n",
    "recipes/shop/instal_test.ts": fine,
    "recipes/wiki/recipe.yml": "repo: a/wiki\n",
    "recipes/wiki/install_test.ts": fine.replace("test,", "test").replace("app.domain", "app.nothing"),
    "recipes/zine/recipe.yml": "repo: [\n",
  }, async ({ root, ...settings }) => {
    const check = async (...names: string[]) => {
      const said: string[] = [];
      const signal = new AbortController().signal;
      const code = await recipesCheck(names, { settings, signal, say: (text) => said.push(text) });
      return { code, said: said.join("").replaceAll(`${root}/`, "") };
    };
    const { code, said } = await check();
    assert.equal(code, 1);
    assert.equal(said.replace(/(a run takes ).*/, "$1…"), EXPECTED);
    const one = await check("blog");
    assert.deepEqual([one.code, one.said.split("\n").at(-2)], [1, "1 recipe checked, 1 with mistakes"]);
    await assert.rejects(check("wki"), { message: /There is no folder "wki"/, hint: 'Did you mean "wiki"?' });
  });
});

Deno.test("recipes check is content with what a run would take, a file that no run runs included", async () => {
  await inFolder({
    "recipes/shop/recipe.yml": "repo: a/shop\n",
    "recipes/shop/instal_test.ts": fine,
  }, async ({ root: _, ...settings }) => {
    const said: string[] = [];
    const signal = new AbortController().signal;
    assert.equal(await recipesCheck([], { settings, signal, say: (text) => said.push(text) }), 0);
    assert.match(said.join(""), /^✔ shop\n {2}\S+instal_test\.ts: note: The file looks like a test/);
  });
});

Deno.test("recipes list shows the last run of each recipe of which there is a result", async () => {
  const result = (recipe: string, changes: Parameters<typeof sampleResult>[0]) =>
    JSON.stringify(sampleResult({ recipe, ...changes }));
  await inFolder({
    "recipes/blog/recipe.yml": "repo: [\n",
    "recipes/talk/recipe.yml":
      "repo: a/talk\nexpected_gaps: [{ what: voice calls, reason: UDP }]\nskip: [{ stage: backup, reason: none }]\n",
    "recipes/wiki/recipe.yml": "repo: a/wiki\n",
    "runs/b-1/result.json": result("wiki", { level: 5 }),
    "runs/a-1/result.json": result("wiki", { level: 3, startedAt: "2026-02-01T10:00:00.000Z" }),
    "runs/c-1/result.json": result("talk", { result: "failed", stage: "upgrade", level: 1 }),
    "runs/d-1/result.json": "{",
    "runs/e-1/state": "open",
  }, async (settings) => {
    const said: string[] = [];
    const clock = new FakeClock(Date.parse("2026-03-01T13:01:12.000Z"));
    assert.equal(await recipesList(settings, { say: (text) => said.push(text), width: 80, clock }), 0);
    assert.equal(
      said.join(""),
      `\
recipe  level  last run             when     not shown by runs
blog    –      none known
  recipe.yml has a mistake: see "recipes check"
talk    1      ✘ failed in upgrade  3 h ago  backup (none); voice calls
wiki    5      ✔ passed             3 h ago
`,
    );
  });
});

Deno.test("recipes list takes a recipe's later run from the dashboard, and does without one that does not answer", async () => {
  const now = "2026-03-01T13:01:12.000Z";
  const view = (recipe: string, run: object | null, level: number | null = null) => ({
    recipe,
    enrolled: true,
    health: "good",
    level,
    stale: false,
    testedAt: null,
    badSince: null,
    run: run === null ? null : {
      run: "aaaaaa-1",
      recipe,
      subject: { kind: "branch", name: "main", src: `a/${recipe}` },
      commit: "3fa9c1b0",
      base: null,
      position: 0,
      cause: null,
      link: null,
      url: "https://ci.test/r",
      announcedAt: now,
      startedAt: now,
      dirty: false,
      level,
      stage: null,
      ...run,
    },
    active: null,
    url: "https://ci.test/w",
    badge: "https://ci.test/b",
  });
  await inFolder({
    "recipes/blog/recipe.yml": "repo: a/blog\n",
    "recipes/talk/recipe.yml": "repo: a/talk\n",
    "recipes/wiki/recipe.yml": "repo: a/wiki\n",
    "runs/a-1/result.json": JSON.stringify(sampleResult({ recipe: "talk", level: 3 })),
    "runs/b-1/result.json": JSON.stringify(sampleResult({ recipe: "wiki", level: 5 })),
  }, async (settings) => {
    const said: string[] = [];
    const clock = new FakeClock(Date.parse(now));
    const options = { say: (text: string) => said.push(text), width: 80, clock };
    const recipes = [
      view("blog", null),
      view("talk", { state: "failed", stage: "upgrade", finishedAt: "2026-03-01T12:00:00.000Z" }, 1),
      view("wiki", { state: "passed", finishedAt: "2026-02-01T12:00:00.000Z" }, 2),
    ];
    await recipesList(settings, { ...options, dashboard: () => Promise.resolve({ recipes }) });
    assert.deepEqual(said.join("").split("\n").slice(1, 4).map((line) => line.trimEnd()), [
      "blog    –      none known",
      "talk    1      ✘ failed in upgrade  1 h ago",
      "wiki    5      ✔ passed             3 h ago",
    ]);
    said.length = 0;
    await recipesList(settings, { ...options, dashboard: () => Promise.reject(new Error("It is away")) });
    assert.equal(said[0], "The dashboard does not say how recipes stand: It is away\n");
    assert.match(said.join(""), /^talk +3 /m);
  });
});

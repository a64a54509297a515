import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../common/testing/fake_clock.ts";
import { readEnrolments } from "./repositories.ts";
import { visibility } from "./visibility.ts";

async function folderWith(files: Record<string, string>) {
  const folder = await Deno.makeTempDir({ prefix: "ccci-recipes-" });
  for (const [recipe, text] of Object.entries(files)) {
    await Deno.mkdir(join(folder, recipe));
    await Deno.writeTextFile(join(folder, recipe, "recipe.yml"), text);
  }
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("readEnrolments() maps repositories to recipes, whatever else an enrolment says", async () => {
  await using at = await folderWith({
    miniflux: "repo: Recipe-Maintainers/miniflux\nhealth: { path: / }\n",
    gitea: "repo: other/gitea\npublic: true\n",
  });
  await Deno.mkdir(join(at.folder, "no-enrolment"));
  const { recipes, owners, shown, problems } = await readEnrolments(at.folder);
  assert.deepEqual([...recipes], [["other/gitea", "gitea"], ["recipe-maintainers/miniflux", "miniflux"]]);
  assert.deepEqual(owners, ["other", "recipe-maintainers"]);
  assert.deepEqual([...shown], ["gitea"]);
  assert.deepEqual(problems, []);
});

Deno.test("bridge and dashboard agree on who may see a recipe, whatever is wrong with its enrolment", async () => {
  await using at = await folderWith({
    open: "repo: o/open\npublic: true\n",
    closed: "repo: o/closed\n",
    misspelt: "repo: o/misspelt\npublic: true\nhelth: {}\n",
    unparsable: "repo: o/unparsable\npublic: true\nhealth: [\n",
    twofold: "repo: o/twofold\npublic: true\npublic: false\n",
    tagged: "repo: o/tagged\npublic: !yes true\n",
  });
  const { shown } = await readEnrolments(at.folder);
  const seen = visibility(at.folder, new FakeClock());
  assert.deepEqual([...shown], seen.names().filter((name) => seen.shown(name)));
  assert.deepEqual([...shown], ["misspelt", "open"]);
});

Deno.test("readEnrolments() names a bad enrolment and keeps the others", async () => {
  await using at = await folderWith({
    good: "repo: o/good\n",
    unparsable: "repo: [\n",
    nowhere: "upstream: o/x\n",
    traversal: "repo: o/..\n",
    twice: "repo: o/good\n",
    BadName: "repo: o/bad\n",
  });
  const { recipes, problems } = await readEnrolments(at.folder);
  assert.deepEqual([...recipes.values()], ["good"]);
  for (const recipe of ["unparsable", "nowhere", "traversal", "twice", "BadName"]) {
    assert.equal(problems.filter((problem) => problem.includes(`/${recipe}/recipe.yml`)).length, 1, recipe);
  }
});

Deno.test("readEnrolments() keeps a repository whose recipe.yml has a mistake, and says what is wrong", async () => {
  await using at = await folderWith({
    misspelt: "repo: o/misspelt\nhelth: { path: / }\n",
    unparsable: "repo: o/unparsable\nhealth: [\n",
    good: "repo: o/good\n",
  });
  const { recipes, mistakes, problems } = await readEnrolments(at.folder);
  assert.deepEqual([...recipes.values()], ["good", "misspelt", "unparsable"]);
  assert.deepEqual([...mistakes.keys()], ["misspelt", "unparsable"]);
  assert.equal(
    mistakes.get("misspelt"),
    'is invalid: line 2, column 1: unknown key "helth", probably meant as "health"',
  );
  assert.match(mistakes.get("unparsable") ?? "", /^does not parse: line 3, column 1: /);
  assert.equal(problems[0], `"${join(at.folder, "misspelt", "recipe.yml")}" ${mistakes.get("misspelt")}`);
  assert.equal(problems.length, 2);
});

Deno.test("readEnrolments() says so when the folder is not there", async () => {
  const { problems } = await readEnrolments("/nonexistent/recipes");
  assert.match(problems[0] ?? "", /Could not read the enrolments in "\/nonexistent\/recipes"/);
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { execOk } from "../../common/exec.ts";
import { readSettings } from "../run/settings.ts";
import { ciRequest } from "./ci_request.ts";
import { localRequest } from "./local_request.ts";

const parameters: Record<string, string> = {
  RECIPE: "custom-html",
  REF: "0123456789012345678901234567890123456789",
  PR: "12",
  SRC: "recipe-maintainers/custom-html",
  RUN: "abcdef12-1",
};
const empty = import.meta.resolve("./").replace("file://", ""); // a folder without enrolments
const settings = readSettings((name) =>
  ({ CCCI_BASE_DOMAIN: "ci.test", CCCI_RUNS: "/nonexistent", CCCI_RECIPES: empty })[name]
);

Deno.test("an engine's five parameters make a run of a pull request, or of a commit without one", () => {
  const request = ciRequest((name) => parameters[name]);
  assert.equal(request.mode, "ci");
  assert.deepEqual(request.source, {
    kind: "forge",
    src: parameters.SRC,
    pr: 12,
    commit: parameters.REF,
    revision: null,
  });
  const branch = ciRequest((name) => name === "PR" ? "" : parameters[name]);
  assert.equal(branch.source.kind === "forge" && branch.source.pr, null);
});

Deno.test("each wrong parameter is named", () => {
  const wrong: Record<string, string> = { RECIPE: "../x", REF: "main", PR: "-1", SRC: "a/../b", RUN: "x" };
  assert.throws(() => ciRequest((name) => wrong[name]), (error: UsageError) => {
    for (const name of Object.keys(wrong)) assert.ok(error.message.includes(`${name}:`), error.message);
    return true;
  });
});

Deno.test("a git URL needs no enrolment, and its last part names the recipe", async () => {
  const name = async (url: string) => (await localRequest(url, { settings })).recipe;
  assert.equal(await name("https://git.test/a/Custom_Html.git"), "custom-html");
  assert.equal(await name("ssh://git@git.test/a/wiki"), "wiki");
  assert.equal(await name("git@git.test:a/wiki.git"), "wiki");
});

Deno.test("what cannot be tested is refused with a reason", async () => {
  const refused = (target: string, options: Record<string, string> = {}) =>
    localRequest(target, { settings, ...options });
  await assert.rejects(refused("nosuch"), /Recipe "nosuch" is not enrolled/);
  await assert.rejects(refused("./nosuch"), /There is no folder/);
  await assert.rejects(refused("http://git.test/a/b"), /only https and ssh/);
  await assert.rejects(refused("ext::sh -c x"), UsageError);
  await assert.rejects(refused("https://git.test/a/b", { ref: "--upload-pack=x" }), /cannot be the name/);
  await assert.rejects(refused("https://git.test/a/b", { only: "instal" }), /no stage "instal"/);
  await assert.rejects(refused("https://git.test/a/b", { app: "a.test" }), /--app .* of no use without/);
  const contradictory = localRequest("https://git.test/a/b", { settings, testsOnly: true, keep: true });
  await assert.rejects(contradictory, /--keep are of no use/);
});

Deno.test("a folder of enrolments that is not there is said, for names and for addresses", async () => {
  const lost = { ...settings, RECIPES: "/nonexistent" };
  for (const target of ["wiki", "https://git.test/a/wiki.git"]) {
    await assert.rejects(localRequest(target, { settings: lost }), /There is no folder "\/nonexistent"/);
  }
});

Deno.test("an enrolment with mistakes is refused with their place, also where an address names its recipe", async () => {
  const RECIPES = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(RECIPES, "wiki"));
    await Deno.writeTextFile(join(RECIPES, "wiki", "recipe.yml"), "repo: a/wiki\nhelth: {}\n");
    for (const target of ["wiki", "https://git.test/a/wiki.git"]) {
      const asked = localRequest(target, { settings: { ...settings, RECIPES } });
      await assert.rejects(asked, /recipe\.yml" is invalid: line 2, column 1: unknown key "helth"/);
    }
  } finally {
    await Deno.remove(RECIPES, { recursive: true });
  }
});

Deno.test("who asks for a recipe without an enrolment is told that none is used, and where it was looked for", async () => {
  const RECIPES = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(RECIPES, "wiki"));
    await Deno.writeTextFile(join(RECIPES, "wiki", "recipe.yml"), "repo: a/wiki\n");
    const told = async (target: string) => {
      const said: string[] = [];
      await localRequest(target, { settings: { ...settings, RECIPES }, tell: (text) => said.push(text) });
      return said;
    };
    const blog =
      `Recipe "blog" is not enrolled in "${RECIPES}": it is tested with what holds for every recipe`;
    assert.deepEqual(await told("https://git.test/a/blog.git"), [blog]);
    assert.deepEqual(await told("https://git.test/a/wiki.git"), []);
    assert.deepEqual(await told("wiki"), []);
  } finally {
    await Deno.remove(RECIPES, { recursive: true });
  }
});

Deno.test("a checkout whose folder is not called like its recipe is said so", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = join(folder, "my-work");
  try {
    const who = ["-c", "user.name=a", "-c", "user.email=a@b"];
    await execOk(["git", "init", "-q", path]);
    await execOk(["git", "-C", path, ...who, "commit", "-q", "--allow-empty", "-m", "one"]);
    const told = async () => {
      const said: string[] = [];
      const { recipe } = await localRequest(path, { settings, tell: (text) => said.push(text) });
      return { recipe, said: said.join() };
    };
    assert.doesNotMatch((await told()).said, /is recipe/);
    await Deno.writeTextFile(join(path, ".env.sample"), "TYPE=wiki:1.0.0+1\n");
    const { recipe, said } = await told();
    assert.equal(recipe, "wiki");
    assert.match(said, /my-work" is recipe wiki, by TYPE in its \.env\.sample/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

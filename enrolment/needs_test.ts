import assert from "node:assert/strict";
import { join } from "node:path";
import { fillFromProviders } from "./fill_needed.ts";
import { defaultEnrolment, loadEnrolment } from "./enrolment.ts";
import { providersOf } from "./needs.ts";

/** A folder with enrolments, each by the text of its `recipe.yml` below `repo`, and what else lies in them. */
async function withEnrolments(
  texts: Record<string, string>,
  work: (recipes: string) => Promise<void>,
): Promise<void> {
  const recipes = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    for (const [recipe, text] of Object.entries(texts)) {
      await Deno.mkdir(join(recipes, recipe));
      await Deno.writeTextFile(join(recipes, recipe, "recipe.yml"), `repo: a/${recipe}\n${text}\n`);
      await Deno.writeTextFile(join(recipes, recipe, "oidc.ts"), "export {};");
    }
    await work(recipes);
  } finally {
    await Deno.remove(recipes, { recursive: true });
  }
}

Deno.test("a need that cannot be met is told with its place, and so is a value that nobody was asked for", async () => {
  await withEnrolments({
    wiki: "needs: [{recipe: login, setup: oidc.ts}]\nenv: {A: '{needs.login.url}'}",
    login: "health: {path: /login}",
    typo: "needs: [{recipe: logn}]",
    self: "needs: [{recipe: self}]",
    twice: "needs: [{recipe: login}, {recipe: login}]",
    file: "needs: [{recipe: login, setup: odic.ts}]",
    path: "needs: [{recipe: login, setup: ../oidc.ts}]",
    round: "needs: [{recipe: about}]",
    about: "needs: [{recipe: again}]",
    again: "needs: [{recipe: round}]",
    stray: "env: {A: '{needs.login.url}'}",
    warm: "needs: [{recipe: login, warm: true}, {recipe: wiki, warm: true}]",
    stale: "needs: [{recipe: login, version: 1.0.0}, {recipe: wiki}]",
    apart: "needs: [{recipe: login}, {recipe: deep}]",
    deep: "needs: [{recipe: deeper}]",
    deeper: "needs: [{recipe: login, version: 1.0.0}]",
    both: "needs: [{recipe: wiki}, {recipe: blog}]",
    blog: "needs: [{recipe: login, setup: oidc.ts}]",
    agreed: "needs: [{recipe: login, version: 1.0.0}, {recipe: deep}, {recipe: deeper}]",
    one: "needs: [{recipe: plain}, {recipe: wiki}]",
    plain: "needs: [{recipe: login}]",
    near: "needs: [{recipe: login}]\nsecrets: {key: {value: '{needs.logn.key}'}}",
  }, async (recipes) => {
    for (const right of ["wiki", "agreed", "one"]) await loadEnrolment(recipes, right);
    const wrong: Record<string, string> = {
      typo:
        'line 2, column 10: "needs.0.recipe" names "logn", which is not enrolled, probably meant as "login"',
      self: 'line 2, column 10: "needs.0.recipe" names "self", which is this recipe itself',
      twice: 'line 2, column 27: "needs.1.recipe" names "login", which is named already',
      file: 'line 2, column 25: "needs.0.setup" names "odic.ts", which is not there, or cannot be read',
      path: 'line 2, column 25: "needs.0.setup" must be a file beside recipe.yml that ends in .ts',
      round: 'line 2, column 10: "needs.0.recipe" names "about", which needs "again", which needs "round"',
      stray: 'line 2, column 7: "env.A" asks for a value of "login": "needs" does not name it',
      warm:
        'line 2, column 53: "needs.1.warm" is for recipes that need nothing themselves, and "wiki" needs "login": leave it out, then each run deploys its own',
      stale:
        'line 2, column 43: "needs.1.recipe" names "wiki", and a run deploys "login" once: "stale" needs version 1.0.0, "wiki" needs the newest version. Say the same in both',
      apart:
        'line 2, column 27: "needs.1.recipe" names "deep", and a run deploys "login" once: "apart" needs the newest version, "deeper" needs version 1.0.0. Say the same in both',
      both:
        'line 2, column 26: "needs.1.recipe" names "blog", and a run sets "login" up once: "wiki" by its oidc.ts, "blog" by its oidc.ts. Only one of the two may',
      near: 'line 3, column 11: "secrets.key" asks for a value of "logn": probably meant as "login"',
    };
    for (const [recipe, told] of Object.entries(wrong)) {
      await assert.rejects(loadEnrolment(recipes, recipe), {
        message: `"${join(recipes, recipe, "recipe.yml")}" is invalid: ${told}`,
      });
    }
  });
});

Deno.test("what a recipe needs comes after what that needs itself, each once, and a circle ends", async () => {
  await withEnrolments({
    wiki: "needs: [{recipe: login}, {recipe: mail}]",
    login: "needs: [{recipe: directory}]",
    mail: "needs: [{recipe: directory}]",
    directory: "",
    round: "needs: [{recipe: about}]",
    about: "needs: [{recipe: round}]",
  }, async (recipes) => {
    const names = async (recipe: string) => (await providersOf(recipes, recipe)).map(({ recipe }) => recipe);
    assert.deepEqual(await names("wiki"), ["directory", "login", "mail"]);
    assert.deepEqual(await names("round"), ["about"]);
    assert.deepEqual(await providersOf(recipes, "nobody"), []);
  });
});

Deno.test("a provider is kept for later runs if all who need it say so, and if it needs nothing itself", async () => {
  await withEnrolments({
    wiki:
      "needs: [{recipe: login, warm: true}, {recipe: mail, warm: true}, {recipe: files, warm: true}, {recipe: chat}]",
    login: "extra_domains: [admin]",
    mail: "needs: [{recipe: login, warm: true}, {recipe: files}]",
    files: "",
    chat: "",
  }, async (recipes) => {
    assert.deepEqual(await providersOf(recipes, "wiki"), [
      { recipe: "login", warm: true, extra_domains: ["admin"] },
      { recipe: "files", warm: false, extra_domains: [] },
      { recipe: "mail", warm: false, extra_domains: [] },
      { recipe: "chat", warm: false, extra_domains: [] },
    ]);
  });
});

Deno.test("values of providers are filled in, those of secrets are hidden, and what is missing is named", () => {
  const enrolment = {
    ...defaultEnrolment("wiki"),
    env: { URL: { value: "{needs.login.url}/x?{domain}" }, API_KEY: { value: "{needs.login.key}" } },
    secrets: { key: { value: "{needs.login.key}" }, other: { value: "{needs.login.nothing}" } },
  };
  const known: Record<string, string> = { url: "https://login.example.org", key: "correct-horse" };
  const { enrolment: filled, hidden, missing } = fillFromProviders(enrolment, ({ name }) => known[name]);
  assert.deepEqual(filled.env, {
    URL: { value: "https://login.example.org/x?{domain}" },
    API_KEY: { value: "correct-horse" },
  });
  assert.deepEqual(filled.secrets, {
    key: { value: "correct-horse" },
    other: { value: "{needs.login.nothing}" },
  });
  assert.deepEqual(hidden, ["correct-horse", "correct-horse"]);
  assert.deepEqual(missing, [{ recipe: "login", name: "nothing", place: "secrets.other" }]);
});

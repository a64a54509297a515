import assert from "node:assert/strict";
import { appSettings, domainsOf } from "../harness/app/settings.ts";
import { enrolled } from "./enrolled.ts";
import { defaultEnrolment, EnrolmentError, loadEnrolment, parseEnrolment } from "./enrolment.ts";

Deno.test("an enrolment that only names its repository gets defaults", () => {
  const enrolment = parseEnrolment("repo: a/b", "x");
  assert.deepEqual(enrolment.health, { path: "/", status: [200] });
  assert.deepEqual(enrolment.data, { seed: [], destroy: [], read: [] });
  assert.equal(enrolment.public, false);
  assert.equal(parseEnrolment("repo: a/b\npublic: true", "x").public, true);
});

Deno.test("mistakes are told all at once and by their place", () => {
  const text = "repo: nonsense\nhealth: {path: x}\nupstraem: a/b\ndata: {seed: [{service: app}]}\n";
  assert.throws(() => parseEnrolment(text, "recipe.yml"), (error: EnrolmentError) => {
    assert.equal(error.code, "enrolment.invalid");
    for (const part of ["repo", "health.path", "upstraem", "data.seed.0.command"]) {
      assert.ok(error.message.includes(part), `${part} in ${error.message}`);
    }
    return true;
  });
});

Deno.test("a key that nobody knows is named with its place and the one that was probably meant", () => {
  const cases: [text: string, told: string, place?: string][] = [
    ["helth: {path: /}", 'unknown key "helth", probably meant as "health"'],
    [
      "health: {titel: x}",
      'unknown key "health.titel", probably meant as "health.title"',
      "line 2, column 10",
    ],
    ["title: x", 'unknown key "title", probably meant as "health.title"'],
    [
      "timeouts: {instal: 5}",
      'unknown key "timeouts.instal", probably meant as "timeouts.install"',
      "line 2, column 12",
    ],
    [
      "skip: [{stage: tests, reson: none}]",
      'unknown key "skip.0.reson", probably meant as "skip.0.reason"',
      "line 2, column 23",
    ],
    ["command: x", 'unknown key "command", probably meant as a "command" below "data.seed"'],
    [
      "data: {cleanup: []}",
      'unknown key "data.cleanup", known are "seed", "destroy", "read"',
      "line 2, column 8",
    ],
  ];
  for (const [text, told, place = "line 2, column 1"] of cases) {
    assert.throws(() => parseEnrolment(`repo: a/b\n${text}\n`, "recipe.yml"), {
      message: `"recipe.yml" is invalid: ${place}: ${told}`,
    });
  }
  assert.throws(() => parseEnrolment("rpo: a/b", "recipe.yml"), {
    message: '"recipe.yml" is invalid: line 1, column 1: unknown key "rpo", probably meant as "repo"',
  });
  for (const wrong of ["bad", "5"]) {
    assert.throws(
      () => parseEnrolment(`rpo: a/b\nrepo: ${wrong}`, "recipe.yml"),
      /: line 2, column 1: "repo" [^;]+; line 1, column 1: unknown key "rpo", probably meant as "repo"$/,
    );
  }
});

Deno.test("a pattern that is none is refused before anything is tested with it", () => {
  const parse = (text: string) => parseEnrolment(`repo: a/b\nhealth: {text: ${text}}`, "recipe.yml");
  assert.throws(() => parse('"/(/"'), /"health.text" must be a valid regular expression/);
  for (const text of ['"/hello$/i"', "(", "/path"]) assert.ok(parse(text).health.text);
});

Deno.test("a file that is no YAML is named", () => {
  assert.throws(() => parseEnrolment("repo: [", "some/recipe.yml"), /"some\/recipe.yml" does not parse/);
});

Deno.test("an unknown recipe is told along with those there are", async () => {
  const recipes = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${recipes}/known`);
    await Deno.writeTextFile(`${recipes}/known/recipe.yml`, "repo: a/known");
    assert.deepEqual(await enrolled(recipes), ["known"]);
    assert.equal((await loadEnrolment(recipes, "known")).folder, `${recipes}/known`);
    for (const name of ["unknown", "../known", "known/.."]) {
      await assert.rejects(loadEnrolment(recipes, name), (error: EnrolmentError) => {
        assert.equal(error.code, "enrolment.unknown");
        assert.match(error.hint ?? "", /known/);
        return true;
      });
    }
  } finally {
    await Deno.remove(recipes, { recursive: true });
  }
});

Deno.test("the app's settings know its domains and never ask for a real certificate", () => {
  const enrolment = {
    ...defaultEnrolment("x"),
    extra_domains: ["www"],
    env: { EXTRA_DOMAINS: { value: ", `{domain.www}`" }, SELF: { value: "https://{domain}/" } },
  };
  assert.deepEqual(appSettings(enrolment, { domain: "x-1.ci.org", root: "/nonexistent", at: "head" }), {
    DOMAIN: "x-1.ci.org",
    LETS_ENCRYPT_ENV: "",
    TIMEOUT: "300",
    EXTRA_DOMAINS: ", `x-1-www.ci.org`",
    SELF: "https://x-1.ci.org/",
  });
  assert.deepEqual(domainsOf("x-1.ci.org", enrolment), ["x-1.ci.org", "x-1-www.ci.org"]);
});

Deno.test("what a verdict stands on cannot be skipped", () => {
  for (const stage of ["fetch", "lint", "install", "teardown"]) {
    assert.throws(
      () => parseEnrolment(`repo: a/b\nskip:\n  - stage: ${stage}\n    reason: tired\n`, "recipe.yml"),
      /skip\.0\.stage/,
    );
  }
});

Deno.test("a status that the proxy in front of an app gives itself cannot be the sign of a working app", () => {
  const parse = (status: number) =>
    parseEnrolment(`repo: a/b\nhealth: { status: ${status} }`, "recipe.yml").health.status;
  for (const status of [200, 204, 302, 401, 404, 500]) assert.deepEqual(parse(status), [status]);
  for (const status of [100, 502, 503, 504]) assert.throws(() => parse(status), /health\.status/);
});

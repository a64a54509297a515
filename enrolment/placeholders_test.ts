import assert from "node:assert/strict";
import { stringify } from "yaml";
import { withDomains } from "../harness/app/settings.ts";
import { fillNeeded } from "./needs_schema.ts";
import { brokenPlaceholders, dollared } from "./placeholders.ts";
import { readRecipeYml } from "./recipe_yml.ts";

const needs = [{ recipe: "login" }];
const extra_domains = ["files"];

/** What is wrong with a text at each of the places in which placeholders are filled in; nothing where all is well. */
function wrongWith(text: string): Record<string, string> {
  const places = {
    env: { env: { A: text } },
    secrets: { secrets: { a: { value: text } } },
    files: { files: [{ volume: "a", path: "b", content: text }] },
  };
  return Object.fromEntries(
    Object.entries(places).flatMap(([place, said]) => {
      const reading = readRecipeYml(stringify({ repo: "a/b", needs, extra_domains, ...said }));
      const problem = reading.ok ? undefined : reading.problem.replace(/^.*?column \d+: "[^"]+" /, "");
      return problem === undefined ? [] : [[place, problem]];
    }),
  );
}

Deno.test("a misspelt placeholder is a mistake with the right one, wherever such a one is filled in", () => {
  const domain = (said: string, meant: string) => {
    const told = `has "{${said}}", probably meant as "{${meant}}"`;
    return [`https://{${said}}/`, { env: told, files: told }] as const;
  };
  const needed = (said: string, meant: string) => {
    const told = `has "{${said}}", probably meant as "{${meant}}"`;
    return [`{${said}}`, { env: told, secrets: told }] as const;
  };
  const written = `has "{needs.login}", and a provider's value is "{needs.<recipe>.<name>}"`;
  const unknown = (said: string, help = "") => {
    const told = `names "${said}", which is not among "extra_domains"${help}`;
    return { env: told, files: told };
  };
  const cases: (readonly [text: string, told: Record<string, string>])[] = [
    domain("domian", "domain"),
    domain("DOMAIN", "domain"),
    domain("domains", "domain"),
    domain("doman.files", "domain.files"),
    ["{domain.Files}", unknown("Files", ', probably meant as "files"')],
    ["{domain.files.x}", unknown("files.x", ', probably meant as "files"')],
    ["{domain.}", unknown("")],
    needed("need.login.url", "needs.login.url"),
    needed("nedes.login.url", "needs.login.url"),
    ["a {needs.login}", { env: written, secrets: written }],
    ["{needs.login.url}", {
      files: 'has "{needs.login.url}", which means something in "env" and "secrets" only',
    }],
    ["{domain}", { secrets: 'has "{domain}", which means something in "env" and "files" only' }],
    ["{domain.files}", { secrets: 'has "{domain.files}", which means something in "env" and "files" only' }],
  ];
  for (const [text, told] of cases) assert.deepEqual(wrongWith(text), told, text);
});

Deno.test("a placeholder that lacks a brace, or has blanks beside it, is a mistake where a line is filled in", () => {
  const lacking = (said: string) => `has "${said}", which lacks "}"`;
  const blank = (said: string, meant: string) => `has "${said}", probably meant as "${meant}"`;
  const cases: [text: string, told: Record<string, string>][] = [
    ["https://{domain", { env: lacking("{domain") }],
    ["https://{domain/login", { env: lacking("{domain") }],
    ["https://{domain.files/login", { env: lacking("{domain.files") }],
    ["{ domain }", { env: blank("{ domain }", "{domain}") }],
    ["{domain }", { env: blank("{domain }", "{domain}") }],
    ["{needs.login.url", { env: lacking("{needs.login.url"), secrets: lacking("{needs.login.url") }],
    ["{ needs.login.url }", {
      env: blank("{ needs.login.url }", "{needs.login.url}"),
      secrets: blank("{ needs.login.url }", "{needs.login.url}"),
    }],
  ];
  for (const [text, told] of cases) assert.deepEqual(wrongWith(text), told, text);
});

Deno.test("braces of an app's own are taken as they stand", () => {
  const own = [
    '{"a":{"domian":"x"}}',
    "{ domian }",
    "{{domain}} {{domian}} {{ needs.login.url }} {{needs.login}}",
    "${domain} ${domian} ${DOMAIN} ${needs.login.url}",
    "{host} {user.name} {remote} {feeds} {0} {} {domain-name} {main} {demand}",
    "{remain} {domino} {feeds.url} {leads.name} {remain.x} {needs2.feed.url} {seeds.login} {doman.other}",
    "handle /a { respond {http.request.uri} }",
    "{domain: 'x', muc: true} { domain : 'x' } {domain.files: 1} {domain=x}",
    "{domain,user} { domain , user } {needs.login.url: 1} {needs.login, x}",
  ];
  for (const text of own) {
    assert.deepEqual(wrongWith(text), {}, text);
    assert.equal(withDomains(text, "wiki.ci.test"), text);
    assert.equal(fillNeeded(text, () => "filled"), text);
  }
});

Deno.test("what lacks a brace, or has blanks beside it, may be part of a program in several lines", () => {
  for (const text of ["{domain\n}", "a\n{ domain }", "const {domain\r\n} = x", "x {domain\ny"]) {
    assert.deepEqual(brokenPlaceholders(text, { filled: ["domain", "needs"] }), [], text);
  }
  assert.deepEqual(brokenPlaceholders("https://{domain\n", { filled: ["domain"] }), [
    'has "{domain", which lacks "}"',
  ]);
  const flow = "{domain: '{domain}', muc: true}";
  assert.deepEqual(wrongWith(flow), {
    secrets: 'has "{domain}", which means something in "env" and "files" only',
  });
});

Deno.test("a placeholder with a dollar sign before it, which makes it the app's own, is found", () => {
  const found = dollared(
    "pa${domain} ${domain.files} $${needs.login.url} ${domain.other} ${host} ${needs.x} {domain}",
    {
      filled: ["domain", "needs"],
      domains: ["files"],
    },
  );
  assert.deepEqual(found, ["${domain}", "${domain.files}", "${needs.login.url}"]);
  assert.deepEqual(dollared("${domain} ${needs.login.url}", { filled: ["domain"], domains: [] }), [
    "${domain}",
  ]);
});

Deno.test("placeholders are filled in beside an app's own braces, also right within them", () => {
  const text = '{"at":{domain},"up":"{domain.files}"} {{domain}} {needs.login.quota}}';
  assert.equal(
    fillNeeded(withDomains(text, "wiki-0a.ci.test"), ({ recipe, name }) => `${recipe} ${name}`),
    '{"at":wiki-0a.ci.test,"up":"wiki-0a-files.ci.test"} {{domain}} login quota}',
  );
});

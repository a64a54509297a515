import assert from "node:assert/strict";
import { join } from "node:path";
import { EnrolmentError, loadEnrolment } from "./enrolment.ts";
import { readRecipeYml } from "./recipe_yml.ts";
import { readEnrolments } from "./repositories.ts";
import { LEAST_MEGABYTES } from "./schema.ts";

/** What is told of a `recipe.yml` that begins with its repository; "fine" where nothing is. */
function toldOf(text: string): string {
  const reading = readRecipeYml(`repo: a/b\n${text}`);
  return reading.ok ? "fine" : reading.problem.replace(/^(is invalid|does not parse): /, "");
}

Deno.test("settings and secrets are the texts that stand there, also where YAML takes them for something else", () => {
  const numbers = ["022", "1.10", "0o17", "0x1F", "1e3", "12345678901234567890", "+5", ".5", "-0", ".inf"];
  for (const text of [...numbers, "True", "false", "2024-01-01", "10:30"]) {
    const reading = readRecipeYml(
      `repo: a/b\nenv:\n  A: ${text}\n  B: { value: ${text}, only: head }\nsecrets:\n  a: { value: ${text} }\n`,
    );
    assert.ok(reading.ok, text);
    const { env, secrets } = reading.said;
    assert.deepEqual([env.A?.value, env.B?.value, secrets.a?.value], [text, text, text]);
  }
  const aliased = readRecipeYml("repo: a/b\nmemory: &most 0200\nenv:\n  A: *most\n");
  assert.ok(aliased.ok);
  assert.deepEqual([aliased.said.memory, aliased.said.env.A?.value], [200, "0200"]);
});

Deno.test("a recipe.yml that nobody can read as text is its author's mistake, whatever lies in its place", async () => {
  const latin1 = Uint8Array.from("repo: a/b\nhealth:\n  title: Caf\xe9\n", (letter) => letter.charCodeAt(0));
  const utf16 = new Uint8Array([0xff, 0xfe, ...[..."repo: a/b\n"].flatMap((one) => [one.charCodeAt(0), 0])]);
  const cases: [make: (path: string) => Promise<void>, told: string][] = [
    [(path) => Deno.writeFile(path, latin1), "does not parse: line 3, column 1: this is no UTF-8"],
    [(path) => Deno.writeFile(path, utf16), "does not parse: line 1, column 1: this is no UTF-8"],
    [(path) => Deno.mkdir(path), "cannot be read: it is a folder"],
    [(path) => Deno.symlink("nowhere", path), "cannot be read: it is a link that leads nowhere"],
    [(path) => Deno.symlink("recipe.yml", path), "cannot be read: it is a link that leads nowhere"],
  ];
  for (const [make, told] of cases) {
    const recipes = await Deno.makeTempDir({ prefix: "ccci-hostile-" });
    try {
      await Deno.mkdir(join(recipes, "wiki"));
      await make(join(recipes, "wiki", "recipe.yml"));
      await assert.rejects(loadEnrolment(recipes, "wiki"), (error) => {
        assert.ok(error instanceof EnrolmentError && error.code === "enrolment.invalid", String(error));
        return error.message.includes(told);
      }, told);
      const { problems, mistakes } = await readEnrolments(recipes);
      assert.ok(problems.length === 1 && problems[0]?.includes(told), problems.join());
      // Whoever writes on a pull request of the repository is told, as far as the file says which one that is.
      assert.equal(mistakes.has("wiki"), told.includes("line 3"));
    } finally {
      await Deno.remove(recipes, { recursive: true });
    }
  }
});

Deno.test("an alias that stands for nothing, or too often, is told with its line", () => {
  const star = 'text that begins with "*" has to stand in quotes';
  const often = '"*" stands too often for what an "&" names: write it out instead';
  const many = Array.from({ length: 30 }, (_, at) => `  B${at}: *a\n`).join("");
  const cases: [text: string, told: string][] = [
    ["env:\n  HOSTS: *.example.org\n", `line 3, column 10: ${star}`],
    ["page: *none\n", `line 2, column 7: ${star}`],
    [`env:\n  A: &a x\n${many}`, `line 4, column 7: ${often}`],
    ["env:\n  A: !!binary aGk=\n", 'line 3, column 6: text that begins with "!" has to stand in quotes'],
    ["env:\n  A: !!str 5\n", "fine"],
  ];
  for (const [text, told] of cases) assert.equal(toldOf(text), told, text);
});

Deno.test("a number that counts megabytes and means gigabytes is refused, and no app fails by it", () => {
  for (const key of ["memory", "disk"]) {
    for (const value of ["4", "0.5", "0", "-1"]) {
      const told = `line 2, column 1: "${key}" must be at least ${LEAST_MEGABYTES} megabytes`;
      assert.equal(toldOf(`${key}: ${value}\n`), told);
    }
    assert.equal(toldOf(`${key}: 64\n`), "fine");
  }
});

Deno.test("a secret that Docker does not take is refused, wherever it stands", () => {
  const most = "x".repeat(500 * 1024);
  assert.equal(toldOf(`secrets:\n  a: { value: ${most} }\n`), "fine");
  assert.equal(
    toldOf(`secrets:\n  a: { value: ${most}x }\n`),
    'line 3, column 3: "secrets.a" must not hold more than 500 KiB, which is all that Docker takes',
  );
});

Deno.test("upstream is a repository of the forge, or an address that git reads", () => {
  for (
    const right of [
      "coop-cloud/wiki",
      "https://git.example.org/a/b.git",
      "ssh://git@git.example.org/a/b",
      "git@git.example.org:a/b.git",
      "file:///srv/git/wiki",
    ]
  ) assert.equal(toldOf(`upstream: ${right}\n`), "fine");
  for (
    const wrong of ["wiki", "a/b/c", "'a b/c'", "../b", "/srv/wiki", "'https://a b'", "git.example.org/a/b"]
  ) {
    assert.equal(
      toldOf(`upstream: ${wrong}\n`),
      'line 2, column 1: "upstream" must be "owner/name", or a git URL',
    );
  }
});

Deno.test("an image of base.repair is written as Docker names images", () => {
  const repair = (image: string) =>
    toldOf(`base:\n  repair:\n    - { service: db, image: "${image}", versions: "*" }\n`);
  const digest = `sha256:${"0".repeat(64)}`;
  for (
    const right of [
      "postgres:15.4",
      "bitnami/redis:7.2-debian",
      "ghcr.io/a/b__c:V1.0",
      "Registry.example.org:5000/a/b:1",
      `postgres@${digest}`,
      `postgres:15@${digest}`,
    ]
  ) assert.equal(repair(right), "fine", right);
  for (
    const wrong of [
      "",
      " ",
      "Postgres:15",
      "postgres",
      "postgres:",
      "a b:1",
      "postgres:${X}",
      "https://a.b/c:1",
      "../a:1",
    ]
  ) {
    assert.equal(
      repair(wrong),
      'line 4, column 22: "base.repair.0.image" must be an image with its tag, such as "postgres:15.4"',
      wrong,
    );
  }
});

Deno.test("what is a pattern for its author is no plain text", () => {
  const wrong =
    'must be plain text, "/pattern/" or "/pattern/i": no other letter may stand behind the pattern, and plain text that ends like this has to be written as a pattern, as "/\\/data\\/g/" is for "/data/g"';
  for (const text of ["/wiki/g", "/wiki/im", "/a b/s", "/wiki/gi", "/wiki/u", "/wiki/gim"]) {
    assert.equal(toldOf(`health: { title: "${text}" }\n`), `line 2, column 11: "health.title" ${wrong}`);
    assert.equal(toldOf(`health: { text: "${text}" }\n`), `line 2, column 11: "health.text" ${wrong}`);
  }
  for (const text of ["/wiki/", "/wiki/i", "/usr/bin", "/usr/local/lib", "a/b/g", "/g"]) {
    assert.equal(toldOf(`health: { title: "${text}" }\n`), "fine", text);
  }
  for (const text of ["/srv/my", "/usr/sys", "/srv/mum", "/data/v", "/a/dims", "/\\/data\\/g/"]) {
    assert.equal(toldOf(`health: { title: '${text}' }\n`), "fine", text);
  }
});

Deno.test("a provider is set up by no file that is run against the app", () => {
  const need = (file: string) => toldOf(`needs:\n  - { recipe: login, setup: ${file} }\n`);
  for (const file of ["setup.ts", "seed.ts", "read.ts", "install_test.ts"]) {
    assert.equal(
      need(file),
      'line 3, column 22: "needs.0.setup" must be a file of its own: what is called so is run against the app itself',
    );
  }
  for (const file of ["oidc.ts", "setup-login.ts", "login_setup.ts"]) assert.equal(need(file), "fine");
});

Deno.test("no file of a volume is written over by another one", () => {
  const files = (...paths: string[]) =>
    toldOf(`files:\n${paths.map((path) => `  - { volume: a, path: ${path}, content: x }\n`).join("")}`);
  const second = (text: string) => `line 4, column 18: "files.1.path" ${text}`;
  assert.equal(files("x", "x"), second("is there already: each file stands once"));
  assert.equal(files("x", "x/y"), second("is a file here and a folder in another entry"));
  assert.equal(files("x/y/z", "x/y"), second("is a file here and a folder in another entry"));
  assert.equal(files("x/y", "x/z", "xy"), "fine");
  assert.equal(
    toldOf("files:\n  - { volume: a, path: x, content: x }\n  - { volume: b, path: x, content: x }\n"),
    "fine",
  );
});

Deno.test("a placeholder is a mistake where none is filled in, and an app's own braces are none", () => {
  const places: [key: string, text: (value: string) => string][] = [
    ["health.path", (value) => `health: { path: '/${value}' }`],
    ["health.title", (value) => `health: { title: '${value}' }`],
    ["health.text", (value) => `health: { text: '${value}' }`],
    ["page.path", (value) => `page: { path: '/${value}' }`],
    ["page.ready", (value) => `page: { ready: '${value}' }`],
    ["page.gone", (value) => `page: { gone: '${value}' }`],
    ["ready.0.path", (value) => `ready: [{ path: '/${value}' }]`],
  ];
  for (const [key, text] of places) {
    const told = (value: string) => toldOf(`${text(value)}\n`).replace(/^line 2, column \d+: /, "");
    assert.equal(
      told("{domain}"),
      `"${key}" has "{domain}", which means something in "env" and "files" only`,
    );
    assert.equal(
      told("x{needs.login.url}"),
      `"${key}" has "{needs.login.url}", which means something in "env" and "secrets" only`,
    );
    for (const own of ["${domain}", "{domian}", "{user}", "{{domain}}", "{print $1}"]) {
      assert.equal(told(own), "fine", `${key}: ${own}`);
    }
  }
});

Deno.test("a command may have in it what another program takes for its own, also where it is written as a placeholder", () => {
  const commands = [
    (value: string) => `data: { seed: [{ service: a, command: "${value}" }] }`,
    (value: string) => `data: { destroy: [{ service: a, command: "${value}" }] }`,
    (value: string) => `data: { read: [{ service: a, command: "${value}" }] }`,
    (value: string) => `data: { read: [{ service: a, command: x, expect: "${value}" }] }`,
  ];
  for (const text of commands) {
    for (const own of ["jq -c '.[]|{domain}'", "find({domain})", "{domain.name} {needs.a}", "{ domain }"]) {
      assert.equal(toldOf(`${text(own)}\n`), "fine", text(own));
    }
  }
  assert.equal(toldOf('after_deploy: ["app pattern {domain} {domain.name}"]\n'), "fine");
});

Deno.test("a place of a backup lies within its volume", () => {
  const expect = (place: string) => toldOf(`backup: { expect: ["${place}"] }\n`);
  for (
    const place of [
      "data/../x",
      "data/..",
      "data/./x",
      "data/a/../x",
      "data/a/.",
      "data//x",
      "data/",
      "data",
      "../x",
    ]
  ) {
    assert.equal(
      expect(place),
      'line 2, column 20: "backup.expect.0" must be a volume of compose.yml, a slash, and a path below the volume\'s root',
      place,
    );
  }
  for (const place of ["data/x", "data/..x", "data/.hidden", "data/a/...", "data/a.b/c"]) {
    assert.equal(expect(place), "fine", place);
  }
});

Deno.test("the only number there is, in quotes, is told to stand without them", () => {
  assert.equal(
    toldOf("lanes: '1'\n"),
    'line 2, column 1: "lanes" must be a number, and is text: write 1 without quotes',
  );
});

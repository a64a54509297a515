import assert from "node:assert/strict";
import { stringify } from "yaml";
import type * as z from "zod";
import { jsonSchema } from "./known_keys.ts";
import { readRecipeYml } from "./recipe_yml.ts";
import { PERMITTABLE_RULES } from "./rules.ts";

type Node = Exclude<z.core.JSONSchema._JSONSchema, boolean>;

/** Words of the library that checks, and of programmers. */
const raw =
  /\b(invalid (input|string|key|option)|expected|received|pattern|undefined|null|NaN|object|array|boolean|record|zod)\b/i;
const anything = [null, 7, -1, 1.5, "", "x y", true, [], {}, [null], [[]], { nobody: 1 }, [{ nobody: 1 }]];

/** Every key with the path to it, entries of lists by 0 and names that are free by `some`. */
function* keys(
  node: Node,
  path: (string | number)[] = [],
): Generator<{ path: (string | number)[]; node: Node }> {
  const below = (inner: unknown, part: string | number) => keys(inner as Node, [...path, part]);
  if (path.length > 0) yield { path, node };
  for (const form of (node.anyOf ?? []) as Node[]) {
    yield* [...keys(form, path)].filter((one) => one.path.length > path.length);
  }
  for (const [name, inner] of Object.entries(node.properties ?? {})) yield* below(inner, name);
  if (typeof node.items === "object") yield* below(node.items, 0);
  const free = typeof node.propertyNames === "object" && node.propertyNames.enum?.[0];
  if (typeof node.additionalProperties === "object") {
    yield* below(node.additionalProperties, String(free || "some"));
  }
}

function fileWith(path: readonly (string | number)[], value: unknown): string {
  const said = path.reduceRight<unknown>((inner, part) => part === 0 ? [inner] : { [part]: inner }, value);
  return stringify({ repo: "a/b", ...(said as Record<string, unknown>) });
}

Deno.test("whatever stands at a key, what is wrong is said in plain words and with its line", () => {
  let refused = 0;
  for (const { path } of keys(jsonSchema())) {
    for (const value of anything) {
      const reading = readRecipeYml(fileWith(path, value));
      if (reading.ok) continue;
      refused++;
      const told = `${path.join(".")} = ${JSON.stringify(value)}: ${reading.problem}`;
      assert.match(reading.problem, /^is invalid: line \d+, column \d+: /, told);
      assert.doesNotMatch(reading.problem.replaceAll(/"[^"]*"/g, ""), raw, told);
    }
  }
  assert.ok(refused > 200, `${refused}`);
});

Deno.test("every key has a sentence and an example that the schema takes", () => {
  for (const { path, node } of keys(jsonSchema())) {
    const key = path.join(".");
    if (typeof path.at(-1) === "number" || key.endsWith("some") || key.startsWith("timeouts.")) continue;
    assert.ok((node.description ?? "").length > 8, `${key} has no sentence`);
    if (node.properties !== undefined && node.examples === undefined) continue; // its keys have theirs
    assert.ok((node.examples ?? []).length > 0, `${key} has no example`);
    if (path.includes(0) || path.includes("some")) continue; // part of the example of what holds it
    for (const example of node.examples ?? []) {
      const reading = readRecipeYml(fileWith(path, example));
      assert.ok(reading.ok, reading.ok ? "" : `${key}: ${reading.problem}`);
    }
  }
});

Deno.test("a mistake is told with the line and column of its key", () => {
  const cases: [text: string, told: string][] = [
    ["health:\n  path: x\n", 'line 3, column 3: "health.path" must begin with "/"'],
    [
      "health:\n  title: 7\n",
      'line 3, column 3: "health.title" must be text, and is a number: put it in quotes',
    ],
    [
      "extra_domains: files\n",
      'line 2, column 1: "extra_domains" must be a list, and is text: write each entry in a line of its own below, with "- " before it',
    ],
    [
      "env:\n  A: { value: {domain} }\n",
      'line 3, column 8: "env.A.value" begins with "{": such text has to stand in quotes',
    ],
    [
      'extra_domains: [files]\nenv: { A: "https://{domain.fiels}" }\n',
      'line 3, column 8: "env.A" names "fiels", which is not among "extra_domains", probably meant as "files"',
    ],
    [
      'files: [{ volume: a, path: b, content: "{domain.files}" }]\n',
      'line 2, column 31: "files.0.content" names "files", which is not among "extra_domains"',
    ],
    ["health:\n  status: ok\n", 'line 3, column 3: "health.status" must be a number or a list, and is text'],
    ["health:\n  status: [200, ok]\n", 'line 3, column 17: "health.status.1" must be a number, and is text'],
    ["health: { status: 99 }\n", 'line 2, column 11: "health.status" must be at least 200'],
    ["public: maybe\n", 'line 2, column 1: "public" must be true or false, and is text'],
    ["skip:\n  - stage: backup\n", 'line 3, column 5: "skip.0.reason" is missing'],
    [
      "skip:\n  - { stage: bakcup, reason: x }\n",
      'line 3, column 7: "skip.0.stage" must be one of "backup", "restore", "tests", "upgrade", probably meant as "backup"',
    ],
    [
      "env:\n  A: [1]\n",
      'line 3, column 3: "env.A" must be text, a number, true or false or keys with values, and is a list',
    ],
    ["env:\n  a-b: x\n", 'line 3, column 3: "env.a-b" must be a setting\'s name'],
    [
      "secrets:\n  key:\n    length: 8\n    chraset: hex\n",
      'line 5, column 5: unknown key "secrets.key.chraset", probably meant as "secrets.key.charset"',
    ],
    ["secrets:\n  key: {}\n", 'line 3, column 3: "secrets.key" must say one of "value", "length" and "file"'],
    [
      "secrets:\n  key: { value: x, charset: hex }\n",
      'line 3, column 3: "secrets.key" says "charset", which goes with "length" only',
    ],
    [
      "page: { none: an API, path: /x }\n",
      'line 2, column 1: "page" says "none", which goes with nothing else',
    ],
    [
      "page:\n  none: an API\nhealth: { text: Hello }\n",
      'line 3, column 3: "page.none" opens no page, and "health.text" says what one has to show',
    ],
    [
      "extra_domains: [files]\nready:\n  - { path: /, domain: file }\n",
      'line 4, column 16: "ready.0.domain" names "file", which is not among "extra_domains", probably meant as "files"',
    ],
    ["ready: [{ tcp: 1 }]\n", 'line 2, column 9: "ready.0" must say one of "path" and "service"'],
    ["ready: [{ service: app }]\n", 'line 2, column 9: "ready.0" must say "tcp", the port, beside "service"'],
    [
      "ready: [{ service: app, tcp: 1, status: 200 }]\n",
      'line 2, column 9: "ready.0" says "status", which goes with "path" only',
    ],
    [
      "ready: [{ path: /, stabel: 2 }]\n",
      'line 2, column 20: unknown key "ready.0.stabel", probably meant as "ready.0.stable"',
    ],
    [
      "backup: { expect: [/var/dump.sql] }\n",
      'line 2, column 20: "backup.expect.0" must be a volume of compose.yml, a slash, and a path below the volume\'s root',
    ],
    ["lanes: 2\n", 'line 2, column 1: "lanes" must be 1'],
    [
      "timeouts: { rum: 60 }\n",
      'line 2, column 13: unknown key "timeouts.rum", probably meant as "timeouts.run"',
    ],
    [
      "after_deploy: [app --local]\n",
      'line 2, column 16: "after_deploy.0" must be a function of abra.sh, or a service, a function and its arguments',
    ],
    [
      "files:\n  - { volume: data, path: /etc/x, content: x }\n",
      'line 3, column 21: "files.0.path" must be a path below the volume\'s root, without a slash at its beginning or end',
    ],
    [
      "grace: { db: 20m }\n",
      'line 2, column 10: "grace.db" must be a number, and is text: write the number of seconds alone',
    ],
    [
      'base: { repair: [{ service: db, image: "x:1", versions: "no range" }] }\n',
      'line 2, column 47: "base.repair.0.versions" must be a range of versions, such as "<1.2.0"',
    ],
    ["page: { path: login }\n", 'line 2, column 9: "page.path" must begin with "/"'],
    [
      "exceptions:\n  - lint.image\n  - confine.prot=64738\n",
      'line 4, column 5: "exceptions.1" names "confine.prot", which is none of the rules: probably meant as "confine.port=64738"',
    ],
    [
      "env: { A: { value: x, only: haed } }\n",
      'line 2, column 23: "env.A.only" must be one of "head", "base", probably meant as "head"',
    ],
    [
      "exceptions: [lint.port]\n",
      'line 2, column 14: "exceptions.0" names "lint.port", which is none of the rules: probably meant as "confine.port"',
    ],
    [
      "exceptions: [everything]\n",
      'line 2, column 14: "exceptions.0" names "everything", which is none of the rules: docs/recipes.md lists them',
    ],
    [
      "exceptions: [confine.engine]\n",
      'line 2, column 14: "exceptions.0" names "confine.engine", which no exception permits',
    ],
    [
      "exceptions: [confine.port:25]\n",
      'line 2, column 14: "exceptions.0" must be a rule alone, or a rule, "=" and what is permitted, probably meant as "confine.port=25"',
    ],
    [
      "exceptions:\n  - confine.port: 25\n",
      'line 3, column 5: "exceptions.0" must be text, and is keys with values: write "confine.port=25"',
    ],
    [
      "exceptions: ['confine.label=a.${STACKNAME}']\n",
      'line 2, column 14: "exceptions.0" has "${STACKNAME}", probably meant as "${STACK_NAME}"',
    ],
    [
      "data: { read: [{ service: db, command: x, expect: 'id ${MARKER}' }] }\n",
      'line 2, column 43: "data.read.0.expect" has "${MARKER}", probably meant as "$MARKER"',
    ],
    ["page: { raedy: main }\n", 'line 2, column 9: unknown key "page.raedy", probably meant as "page.ready"'],
  ];
  for (const [text, told] of cases) {
    const reading = readRecipeYml(`repo: a/b\n${text}`);
    assert.equal(reading.ok ? "fine" : reading.problem, `is invalid: ${told}`);
  }
  const empty = readRecipeYml("");
  assert.equal(
    empty.ok ? "fine" : empty.problem,
    'is invalid: line 1, column 1: the file must be keys with values, and is empty: it begins with "repo: owner/name"',
  );
});

Deno.test("every rule that can be permitted is taken, by itself and for one case", () => {
  const rules = [...PERMITTABLE_RULES, "abra.R014"].flatMap((rule) => [rule, `${rule}=a b: ${"${DOMAIN}"}`]);
  const reading = readRecipeYml(stringify({ repo: "a/b", exceptions: rules }));
  assert.ok(reading.ok, reading.ok ? "" : reading.problem);
  assert.equal(reading.said.exceptions.length, 2 * PERMITTABLE_RULES.length + 2);
});

Deno.test("what authors get wrong is said as what they have to write", () => {
  const cases: [text: string, told: string][] = [
    ["health:\n\tpath: /\n", "line 3, column 1: a tab cannot indent a line: write spaces"],
    [
      "public:true\nmemory: 5\n",
      'line 2, column 1: a line is neither "key: value" nor part of one: is a space missing behind a colon?',
    ],
    ["repo: a/c\n", 'line 2, column 1: "repo" stands here a second time'],
    [
      "health:\n  title: Wiki: ours\n",
      'line 3, column 10: a second ": " in one line, or a line that is not indented as those beside it: text with ": " in it has to stand in quotes',
    ],
    [
      "env:\n  URL: {domain}\n",
      'line 3, column 3: "env.URL" begins with "{": such text has to stand in quotes',
    ],
    [
      "health:\n  path: {domain}\n",
      'line 3, column 3: "health.path" begins with "{": such text has to stand in quotes',
    ],
    [
      "extra_domains:\n  files:\n",
      'line 2, column 1: "extra_domains" must be a list, and is keys with values: put "- " before its first line',
    ],
    [
      "extra_domains:\n  - files:\n",
      'line 3, column 5: "extra_domains.0" must be text, and is keys with values: write "files" without ":" behind it',
    ],
    [
      "exceptions: [confine.port:]\n",
      'line 2, column 14: "exceptions.0" must be text, and is keys with values: write "confine.port" without ":" behind it',
    ],
    [
      "health:\n  path:\n    x:\n",
      'line 3, column 3: "health.path" must be text, and is keys with values: write "x" without ":" behind it',
    ],
    [
      "secrets:\n  key:\n    valeu:\n",
      'line 4, column 5: unknown key "secrets.key.valeu", probably meant as "secrets.key.value"; line 3, column 3: "secrets.key" must say one of "value", "length" and "file"',
    ],
    [
      "env: { A: { x: } }\n",
      'line 2, column 13: unknown key "env.A.x", known are "value", "generate", "charset", "only", "if_file"; line 2, column 8: "env.A" must say one of "value" and "generate"',
    ],
    ["env:\n  URL: {domain}/x\n", 'line 3, column 16: text that begins with "{" has to stand in quotes'],
    ["env:\n  ME: @home\n", 'line 3, column 7: text that begins with "@" has to stand in quotes'],
    ["health:\n  text: *\n", 'line 3, column 9: text that begins with "*" has to stand in quotes'],
    ["health:\n  title: !Wiki\n", 'line 3, column 10: text that begins with "!" has to stand in quotes'],
    ['health:\n  title: "Wiki\n', "line 4, column 1: text that begins with a quote has no quote at its end"],
    ["extra_domains: [files\n", 'line 3, column 1: what begins with "[" has no "]" at its end'],
    ["---\npublic: true\n", 'line 2, column 1: a second document begins with "---", and a recipe.yml is one'],
    [
      "data:\n  seed:\n    service: app\n",
      'line 3, column 3: "data.seed" must be a list, and is keys with values: put "- " before its first line',
    ],
    ["public: yes\n", 'line 2, column 1: "public" must be true or false, and is text: write true'],
    [
      "timeouts: { install: 10m }\n",
      'line 2, column 13: "timeouts.install" must be a number, and is text: write the number of seconds alone',
    ],
    [
      "memory: 2G\n",
      'line 2, column 1: "memory" must be a number, and is text: write the number of megabytes alone',
    ],
    [
      'health: { status: "200" }\n',
      'line 2, column 11: "health.status" must be a number or a list, and is text: write 200 without quotes',
    ],
    [
      "secrets: { smtp: hush }\n",
      'line 2, column 12: "secrets.smtp" must be keys with values, and is text: its keys are "value", "length", "charset", "file"',
    ],
    [
      "env: [A=b]\n",
      'line 2, column 1: "env" must be keys with values, and is a list: write "name: value", each in a line of its own',
    ],
    [
      "extra_domains: [files.example.com]\n",
      'line 2, column 17: "extra_domains.0" must be one word that becomes part of a domain, such as "files": 22 small letters, digits and dashes at most',
    ],
  ];
  for (const [text, told] of cases) {
    const reading = readRecipeYml(`repo: a/b\n${text}`);
    const [, said] = /^(?:is invalid|does not parse): (.*)$/.exec(reading.ok ? "" : reading.problem) ?? [];
    assert.equal(said, told, text);
  }
  const address = readRecipeYml("repo: https://git.example.org/coop-cloud/wiki.git\n");
  assert.match(
    address.ok ? "" : address.problem,
    /"repo" must be "owner\/name", probably meant as "coop-cloud\/wiki"$/,
  );
  const list = readRecipeYml("- repo: a/b\n");
  assert.match(
    list.ok ? "" : list.problem,
    /the file must be keys with values, and is a list: it begins with "repo: owner\/name"$/,
  );
});

Deno.test("a setting that belongs to the run or to the host is refused in each form, and others are not", () => {
  const refused = ["DOMAIN", "STACK_NAME", "TYPE", "RECIPE", "LETS_ENCRYPT_ENV"];
  const steering = [
    "PATH",
    "DOCKER_HOST",
    "COMPOSE_PROJECT_NAME",
    "ABRA_DIR",
    "CCCI_RUNS",
    "LD_PRELOAD",
    "GIT_SSH",
  ];
  for (const name of [...refused, ...steering]) {
    for (const form of ["foo", "''", "{ value: foo }", "{ generate: 8 }", "{ value: foo, only: base }"]) {
      const reading = readRecipeYml(`repo: a/b\nenv:\n  ${name}: ${form}\n`);
      assert.ok(!reading.ok, `${name}: ${form}`);
      const whose = refused.includes(name) ? "run" : "host that deploys";
      assert.match(
        reading.problem,
        new RegExp(`^is invalid: line 3, column 3: "env\\.${name}" belongs to the ${whose}, [^;]+$`),
      );
    }
  }
  const free = ["COMPOSE_FILE", "COMPOSE_PROFILES", "UPLOAD_DOMAIN", "domain", "TIMEOUT", "DOCKER_IMAGE_TAG"];
  const ofApps = ["NODE_OPTIONS", "ENV", "DENO_DIR", "NODE_EXTRA_CA_CERTS", "GIT_SSH_PORT"];
  for (const name of [...free, ...ofApps]) {
    assert.ok(readRecipeYml(`repo: a/b\nenv: { ${name}: x }\n`).ok, name);
  }
});

Deno.test("no duration is longer than a timer can count", () => {
  for (
    const [key, most] of [["timeouts.install", 86_400], ["timeouts.run", 86_400], [
      "grace.db",
      7_200,
    ]] as const
  ) {
    const [first = "", second = ""] = key.split(".");
    assert.ok(most * 1000 < 2 ** 31);
    const text = (seconds: number) => `repo: a/b\n${first}: { ${second}: ${seconds} }\n`;
    assert.ok(readRecipeYml(text(most)).ok, key);
    const reading = readRecipeYml(text(most + 1));
    assert.ok(!reading.ok, key);
    assert.match(reading.problem, new RegExp(`"${key}" must be at most ${most}`));
  }
});

Deno.test("no function is named that abra would run on the host", () => {
  const refused: [text: string, path: string][] = [
    ["after_deploy: [local prepare]", "after_deploy.0"],
    ['after_deploy: [" local  prepare x"]', "after_deploy.0"],
    ["env: { POST_DEPLOY_CMDS: local prepare }", "env.POST_DEPLOY_CMDS"],
    ['env: { POST_UPGRADE_CMDS: { value: "app x| local prepare", only: base } }', "env.POST_UPGRADE_CMDS"],
  ];
  for (const [text, path] of refused) {
    const reading = readRecipeYml(`repo: a/b\n${text}\n`);
    assert.ok(!reading.ok, text);
    assert.match(reading.problem, new RegExp(`"${path}" names "local", which abra takes for the host`));
  }
  for (
    const text of [
      'after_deploy: [local_prepare, "localhost prepare"]',
      'env: { POST_DEPLOY_CMDS: "app local|local-db x", NOTE: local x }',
    ]
  ) assert.ok(readRecipeYml(`repo: a/b\n${text}\n`).ok, text);
});

Deno.test("a setting that no env file can hold is told as the mistake of recipe.yml", () => {
  const cases: [value: string, told: string][] = [
    [
      "|\n    one line\n",
      'ends with a line break, which no env file can hold: write "|-" for "|", and ">-" for ">"',
    ],
    ["|\n    one\n    two\n", "must be a single line of plain text"],
    ['"a\\tb"', "must be a single line of plain text"],
    ["it's `odd`", "mixes quotes in a way no env file can hold"],
    ['{ value: it\'s "odd", only: base }', "mixes quotes in a way no env file can hold"],
    ["x".repeat(3_501), "must not be longer than 3500 characters"],
  ];
  for (const [value, told] of cases) {
    const reading = readRecipeYml(`repo: a/b\nenv:\n  NOTE: ${value}\n`);
    assert.ok(!reading.ok, value);
    assert.equal(reading.problem, `is invalid: line 3, column 3: "env.NOTE" ${told}`);
  }
  assert.ok(readRecipeYml("repo: a/b\nenv:\n  NOTE: |-\n    it's one line\n").ok);
  assert.ok(readRecipeYml(`repo: a/b\nenv:\n  NOTE: ${"x".repeat(3_500)}\n`).ok);
});

Deno.test("a provider's certificate goes into secrets, since no env file can hold it", () => {
  const text = (key: string) =>
    `repo: a/b\nneeds: [{ recipe: oidc }]\n${key}:\n  x: { value: "{needs.oidc.ca}" }\n`;
  const reading = readRecipeYml(text("env"));
  assert.ok(!reading.ok);
  assert.match(
    reading.problem,
    /"env\.x" has "\{needs\.oidc\.ca\}", a certificate of several lines, .*"secrets" can$/,
  );
  assert.ok(readRecipeYml(text("secrets")).ok);
});

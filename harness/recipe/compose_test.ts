import assert from "node:assert/strict";
import { join } from "node:path";
import { type ComposeResult, labelsOf, loadCompose, servicesOf, volumesOf } from "./compose.ts";

/** A checkout with the given files, loaded. Texts starting with `->` are symbolic links. */
async function load(
  files: Record<string, string | Uint8Array>,
  env: Record<string, string> = {},
): Promise<ComposeResult> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      if (typeof content !== "string") await Deno.writeFile(path, content);
      else if (content.startsWith("->")) await Deno.symlink(content.slice(2), path);
      else await Deno.writeTextFile(path, content);
    }
    return await loadCompose(folder, env);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function loaded(files: Record<string, string>, env: Record<string, string> = {}) {
  const result = await load(files, env);
  assert.ok(result.ok, result.ok ? "" : `${result.file}:${result.line}: ${result.message}`);
  return result;
}

async function refused(files: Record<string, string | Uint8Array>, env: Record<string, string> = {}) {
  const result = await load(files, env);
  assert.ok(!result.ok, "should have been refused");
  return result;
}

const minimal = "services:\n  app:\n    image: nginx\n";

Deno.test("reads compose.yml, interpolated, and knows where each value stands", async () => {
  const compose = await loaded({
    "compose.yml": `version: "3.8"
services:
  app:
    image: nginx:\${TAG:-1}
    deploy:
      labels:
        - "a=\${STACK_NAME}"
        - "b=\${NOWHERE}"
`,
  }, { STACK_NAME: "s" });
  const [file] = compose.files;
  assert.ok(file);
  assert.deepEqual(file.doc.services, {
    app: { image: "nginx:1", deploy: { labels: ["a=s", "b="] } },
  });
  assert.equal(file.lineOf(["services", "app", "image"]), 4);
  assert.equal(file.lineOf(["services", "app", "deploy", "labels", 1]), 8);
  assert.equal(file.lineOf(["services", "app", "nothing", "here"]), 3);
  assert.deepEqual(compose.variablesUnset, [{ name: "NOWHERE", file: "compose.yml", line: 8 }]);
});

Deno.test("anchors and merge keys are resolved, and lines lead to where a value was written", async () => {
  const compose = await loaded({
    "compose.yml": `x-common: &common
  networks: [proxy]
  logging: {driver: local}
services:
  app:
    <<: *common
    image: nginx
`,
  });
  const [file] = compose.files;
  assert.deepEqual(file?.doc.services, {
    app: { image: "nginx", networks: ["proxy"], logging: { driver: "local" } },
  });
  assert.equal(file?.lineOf(["services", "app", "logging", "driver"]), 3);
});

Deno.test("COMPOSE_FILE names several files, later ones on top", async () => {
  const compose = await loaded({
    "compose.yml": "services:\n  app: {image: a, volumes: ['data:/data']}\nvolumes: {data: {}}\n",
    "sub/compose.db.yml": "services:\n  db: {image: b}\nvolumes: {data: {name: '${STACK_NAME}_other'}}\n",
  }, { COMPOSE_FILE: "compose.yml:sub/compose.db.yml", STACK_NAME: "s" });
  assert.deepEqual(compose.files.map((file) => file.path), ["compose.yml", "sub/compose.db.yml"]);
  assert.deepEqual(servicesOf(compose), ["app", "db"]);
  assert.deepEqual(volumesOf(compose, "s"), [
    { service: "app", key: "data", name: "s_other", target: "/data" },
  ]);
});

Deno.test("knows the volumes of every form of mount, and their names in Docker", async () => {
  const compose = await loaded({
    "compose.yml": `
services:
  app:
    image: a
    volumes:
      - plain:/plain:ro
      - {type: volume, source: long, target: /long}
      - {type: tmpfs, target: /tmp}
      - /anonymous
      - outside:/outside
volumes:
  plain:
  long: {}
  outside: {external: true, name: shared_thing}
`,
  });
  assert.deepEqual(volumesOf(compose, "st").map(({ key, name, target }) => [key, name, target]), [
    ["plain", "st_plain", "/plain"],
    ["long", "st_long", "/long"],
    ["outside", "shared_thing", "/outside"],
  ]);
});

Deno.test("labels come as a list or as a mapping", async () => {
  const compose = await loaded({
    "compose.yml": `
services:
  app:
    image: a
    labels: [c=1]
    deploy: {labels: {a: 1, b: null}}
  db:
    image: b
    deploy: {labels: [a=x=y, flag]}
`,
  });
  assert.deepEqual(labelsOf(compose, "app"), { a: "1", b: "" });
  assert.deepEqual(labelsOf(compose, "app", { of: "container" }), { c: "1" });
  assert.deepEqual(labelsOf(compose, "db"), { a: "x=y", flag: "" });
});

Deno.test("a variable of the process is no variable of the app", async () => {
  Deno.env.set("CCCI_TEST_SECRET", "leaked");
  try {
    const compose = await loaded({ "compose.yml": `services: {app: {image: "x:\${CCCI_TEST_SECRET}"}}` });
    assert.deepEqual(compose.files[0]?.doc.services, { app: { image: "x:" } });
    assert.equal(compose.variablesUnset[0]?.name, "CCCI_TEST_SECRET");
  } finally {
    Deno.env.delete("CCCI_TEST_SECRET");
  }
});

Deno.test("a service called __proto__ does not hide from anybody", async () => {
  const compose = await loaded({ "compose.yml": "services:\n  __proto__: {image: x}\n" });
  assert.deepEqual(servicesOf(compose), ["__proto__"]);
});

Deno.test("says what is wrong with YAML that does not parse, and where", async () => {
  const result = await refused({ "compose.yml": "services:\n  app:\n    image: [nginx\n" });
  assert.equal(result.rule, "parse.syntax");
  assert.equal(result.line, 4);
  assert.match(result.message, /^Flow sequence/);
});

/** Texts that a Go parser and this one would read differently, or that would exhaust one of them. */
const disagreeing: Record<string, string | Uint8Array> = {
  "a binary tag": "services: {app: {image: x, volumes: [!!binary L3Zhci9ydW46L3g=]}}",
  "a string tag": "services: {app: {image: !!str x}}",
  "two documents": `${minimal}---\nservices: {}\n`,
  "a directive": `%YAML 1.1\n---\n${minimal}`,
  "a line separator in a remark": `services:\n  app:\n    image: x # \u2028    privileged: true\n`,
  "a next-line character in a remark": `services:\n  app:\n    image: x # \u0085    privileged: true\n`,
  "a bare carriage return": "services:\n  app:\n    image: x #\r    privileged: true\n",
  "a repeated key": `${minimal}    image: other\n`,
  "two merge keys": "x: &a {image: a}\ny: &b {image: b}\nservices: {app: {<<: *a, <<: *b}}",
  "a quoted merge key": "x: &a {image: a}\nservices: {app: {'<<': *a}}",
  "a mapping as a key": "services: {app: {image: x, ? {a: 1} : 2}}",
  "an alias to itself": "services: &s {app: {image: x, x-s: *s}}",
  "too many aliases": `a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
`,
  "UTF-16": new Uint8Array([0xff, 0xfe, 0x73, 0x00]),
  "too large a file": `# ${"x".repeat(1024 * 1024)}\n${minimal}`,
};
for (const [name, text] of Object.entries(disagreeing)) {
  Deno.test(`refuses ${name}`, async () => {
    const result = await refused({ "compose.yml": text });
    assert.ok(["parse.syntax", "parse.shape"].includes(result.rule), result.rule);
  });
}

Deno.test("reads numbers as Docker's parser does", async () => {
  const compose = await loaded({
    "compose.yml":
      "services: {app: {image: x}}\nx-n: [0120, 0o120, 0x50, 0b1010000, 1_000, 80, 1.5, 22:22]\n",
  });
  assert.deepEqual(compose.files[0]?.doc["x-n"], [80, 80, 80, 80, 1000, 80, 1.5, "22:22"]);
});

Deno.test("what is no mapping of services is refused with its place", async () => {
  assert.match((await refused({ "compose.yml": "[]" })).message, /no mapping/);
  const result = await refused({ "compose.yml": `${minimal}networks:\n  - proxy\n` });
  assert.deepEqual([result.rule, result.line, result.message], [
    "parse.shape",
    4,
    '"networks" must be a mapping',
  ]);
});

Deno.test("a bad interpolation names file and line", async () => {
  const result = await refused({ "compose.yml": `${minimal}    command: "cost 5$"\n` });
  assert.deepEqual([result.rule, result.line], ["parse.variables", 4]);
});

Deno.test("a missing compose file is said so", async () => {
  assert.equal((await refused({})).rule, "parse.missing");
  assert.equal(
    (await refused({ "compose.yml": minimal }, { COMPOSE_FILE: "compose.yml:no.yml" })).file,
    "no.yml",
  );
});

const outside = {
  "a path upwards": { "compose.yml": minimal },
  "an absolute path": { "compose.yml": minimal },
  "standard input": { "compose.yml": minimal },
  "a symbolic link": { "compose.yml": "->/etc/passwd" },
  "a linked folder": { "sub": "->/etc" },
  "the repository's own data": { ".git/config": minimal },
};
const composeFile: Record<keyof typeof outside, string> = {
  "a path upwards": "compose.yml:../../../../../etc/passwd",
  "an absolute path": "/etc/passwd",
  "standard input": "-",
  "a symbolic link": "compose.yml",
  "a linked folder": "sub/passwd",
  "the repository's own data": ".git/config",
};
for (const [name, files] of Object.entries(outside)) {
  Deno.test(`COMPOSE_FILE does not lead out of the recipe by ${name}`, async () => {
    const result = await refused(files, { COMPOSE_FILE: composeFile[name as keyof typeof outside] });
    assert.equal(result.rule, "confine.compose-file");
  });
}

Deno.test("a link within the recipe is fine", async () => {
  await loaded({ "compose.yml": "->sub/compose.yml", "sub/compose.yml": minimal });
});

/** Texts that cost a reader without bounds minutes, or all of its memory. */
const costly: [name: string, text: string][] = [
  ["nested brackets", `services: ${"[".repeat(100_000)}`],
  ["nested mappings", `services: ${"{a: ".repeat(50_000)}`],
  ["nested lists", `services:\n  ${"- ".repeat(100_000)}`],
  ["many keys of one mapping", `services:\n${"  a:\n".repeat(40_000)}`],
  [
    "aliases of aliases",
    `x-0: &a0 [a]\n${
      Array.from({ length: 30 }, (_, at) => `x-${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]\n`).join("")
    }`,
  ],
  ["many aliases", `x: &a b\ny: [${"*a, ".repeat(200)}]\n`],
  [
    "merges of merges",
    `x-0: &a0 {k: v}\n${
      Array.from(
        { length: 12 },
        (_, at) => `x-${at + 1}: &a${at + 1} {<<: [*a${at}, *a${at}, *a${at}, *a${at}]}\n`,
      ).join("")
    }`,
  ],
  ["a mapping merged into itself", "services: &a\n  <<: *a\n"],
  ["many variables in one value", `services: {app: {image: "${"${a:-".repeat(40_000)}"}}`],
  [
    "variables that grow",
    `services: {app: {image: x, command: [${`"${"$BIG".repeat(400)}", `.repeat(20)}]}}`,
  ],
  ["a file of a megabyte", `x: ${"y".repeat(1024 * 1024)}\n`],
];
for (const [name, text] of costly) {
  Deno.test(`refuses what would take too long: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(folder, "compose.yml"), text);
      const read = await loadCompose(folder, { BIG: "x".repeat(10_000) });
      assert.equal(read.ok, false);
      assert.match(
        read.ok ? "" : read.message,
        /too|more than|larger|unique|itself|excessive|end of|not closed|must/i,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

import assert from "node:assert/strict";
import { badgeTypes } from "../dashboard/views/badge.ts";
import { TestDashboard } from "../dashboard/testing/dashboard.ts";
import { stagePlans } from "../harness/run/stage_plan.ts";
import { kitFiles, kitNames } from "../harness/recipe_tests/kit_files.ts";
import { brokerMethods } from "../harness/recipe_tests/broker_methods.ts";
import { levels, type StageName } from "../protocol/result.ts";
import { codeIn, document, tableBelow } from "./testing/documents.ts";
import { settingsIn, settingsText } from "./settings_reference.ts";
import { filesOfTree, isSource } from "./testing/tree.ts";

const recipes = await document("docs/recipes.md");
const readme = await document("README.md");
const operating = await document("docs/operating.md");

Deno.test("docs/recipes.md: the table of stages names every stage in order, its level and its time", () => {
  const rows = tableBelow(
    "| stage | what it does | what it proves | level | seconds it may take |",
    recipes,
  );
  const levelOf = (stage: StageName) => levels.findIndex((level) => level.stage === stage);
  assert.deepEqual(
    rows.map(([stage = "", , , level, seconds]) => [codeIn(stage)[0], level, Number(seconds)]),
    stagePlans.map(({ name, seconds }) => [name, String(levelOf(name)).replace("-1", "-"), seconds]),
  );
});

Deno.test("README.md: every level is named by its number and its name", () => {
  assert.deepEqual(levels.filter(({ name }, level) => !readme.includes(`${level} ${name}`)), []);
});

Deno.test("docs/recipes.md: every recipe that comes with this tree is an example for something", async () => {
  const named = tableBelow("| how to enrol … | look at |", recipes).flatMap(([, where = ""]) =>
    codeIn(where)
  );
  // The local stack has a repository for each of them; whoever keeps a copy of this tree enrols others beside them.
  const ours = await Array.fromAsync(Deno.readDir(new URL("../local/recipes", import.meta.url)));
  const examples = ours.filter(({ isDirectory }) => isDirectory).map(({ name }) => `recipes/${name}/`);
  assert.deepEqual(named.toSorted(), examples.toSorted());
});

Deno.test("docs/recipes.md: the table of the kit names every function, and no other, and a page's methods", async () => {
  const exported = kitNames();
  assert.ok(exported.includes("fetch"), "the kit exports its functions some other way now");
  const rows = tableBelow("| of the kit | what it is |", recipes);
  assert.deepEqual(
    rows.map(([name = ""]) => /\w+/.exec(codeIn(name)[0] ?? "")?.[0]).toSorted(),
    exported.toSorted(),
  );
  for (
    const [type, file, maker] of [["Page", "page.ts", "page("], ["Connection", "tcp.ts", "tcp("]] as const
  ) {
    const source = await document(`harness/kit/${file}`);
    const body = new RegExp(`export interface ${type} \\{([^]*?)^\\}`, "m").exec(source)?.[1] ?? "";
    const methods = [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name = ""]) => name);
    assert.ok(methods.length > 3, `the methods of a ${type} are found some other way now`);
    const [, row = ""] = rows.find(([name]) => name?.includes(maker)) ?? [];
    assert.deepEqual(methods.filter((name) => !codeIn(row).includes(name)), []);
  }
});

Deno.test("docs/architecture.md: it names the beginnings of images that nobody publishes and a recipe here names", async () => {
  const recipesHere = (await filesOfTree()).filter((path) =>
    /^local\/(host_apps\/)?recipes\/.*\/compose.*\.yml$/.test(path)
  );
  const beginnings = new Set<string>();
  for (const path of recipesHere) {
    for (const [, start = ""] of (await document(path)).matchAll(/^ *image: (\S*cc-ci\/)/gm)) {
      beginnings.add(start);
    }
  }
  assert.ok(beginnings.size > 1, "images are named some other way now");
  const architecture = await document("docs/architecture.md");
  assert.deepEqual([...beginnings].filter((start) => !architecture.includes(`\`${start}…\``)), []);
});

Deno.test("the kit calls every method that the broker has", () => {
  const kit = Object.values(kitFiles).join("\n");
  const called = [
    ...[...kit.matchAll(/\bcall\("([\w.]+)"/g)].map(([, name]) => name),
    ...[...kit.matchAll(/\bon\("(\w+)"/g)].map(([, verb]) => `page.${verb}`),
  ];
  assert.deepEqual([...new Set(called)].toSorted(), Object.keys(brokerMethods).toSorted());
});

Deno.test("docs/operating.md: the table of addresses names every page and file of the dashboard, and no other", async () => {
  await using dashboard = new TestDashboard();
  const served = dashboard.app.routes
    .filter(({ method, path }) =>
      method === "GET" && !/\*|^\/api\/|^\/assets\/|^\/(recipes|favicon\.ico|robots\.txt)$/.test(path)
    )
    .map(({ path }) => path.replace(/:file\{.*\}/, "<recipe>.svg").replaceAll(/:(\w+)/g, "<$1>"));
  assert.ok(served.length > 8, "addresses are registered some other way now");
  const named = tableBelow("| address | what is there |", operating).flatMap(([address = ""]) =>
    codeIn(address)
  );
  assert.deepEqual(named.toSorted(), [...new Set([...served, "/api/openapi.json"])].toSorted());
});

Deno.test("docs/operating.md: every style of badge is named", () => {
  assert.deepEqual(badgeTypes.filter((type) => !operating.includes(`?type=${type}`)), []);
});

Deno.test("docs/architecture.md: every touch point names files that are there", async () => {
  const rows = tableBelow(
    "| to add | open | what notices that something is missing |",
    await document("docs/architecture.md"),
  );
  assert.equal(rows.length, 9);
  for (const [what, open = "", notices = ""] of rows) {
    for (const code of [...codeIn(open), ...codeIn(notices)].filter((code) => code.includes("/"))) {
      const path = code.replace(/^deno run -A /, "");
      const there = path.includes("<") ? path.slice(0, path.lastIndexOf("/")) : path;
      await assert.doesNotReject(Deno.lstat(new URL(`../${there}`, import.meta.url)), `${what}: ${path}`);
    }
  }
});

Deno.test("docs/architecture.md: every test that it names by its words is there", async () => {
  const section =
    /^## What runs through dax$([^]*?)^## /m.exec(await document("docs/architecture.md"))?.[1] ?? "";
  const tests = (await Promise.all(
    codeIn(section).filter((path) => path.endsWith("_test.ts")).map(document),
  )).join("\n").replaceAll("${signal}", "KILL");
  const named = [...section.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
  assert.ok(named.length > 5);
  assert.deepEqual(named.filter((name) => !tests.includes(name)), []);
});

/** Words whose meaning depends on where they stand in a sentence, and that readers of English as a second language miss. */
const avoided = /\b(?:but for|besides|on end|merely)\b/i;

Deno.test("documents: words that make a reader stumble are avoided", async () => {
  const paths = ["README.md", "CONTRIBUTING.md"];
  for await (const { name } of Deno.readDir(new URL("../docs/", import.meta.url))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  assert.ok(paths.length > 4);
  for (const path of paths) {
    const lines = (await document(path)).replaceAll(/^```[^]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "").split(
      "\n",
    );
    assert.deepEqual(lines.filter((line) => avoided.test(line)), [], path);
  }
});

Deno.test("comments: words that make a reader stumble are avoided", async () => {
  const sources = (await filesOfTree()).filter(isSource);
  let comments = 0;
  for (const path of sources) {
    const lines = (await document(path)).split("\n").filter((line) =>
      /^\s*(?:\/\/|\/?\*)|\s\/\/ /.test(line)
    );
    comments += lines.length;
    const words = lines.map((line) => line.replace(/^.*?(?=\/\/ |\/?\*)/, ""));
    assert.deepEqual(words.filter((line) => avoided.test(line)), [], path);
  }
  assert.ok(comments > 4_000, "comments are found some other way now");
});

Deno.test("documents: a link to a file of the tree leads somewhere", async () => {
  const documents = (await filesOfTree()).filter((path) => path.endsWith(".md"));
  assert.ok(documents.length > 8, "documents are found some other way now");
  for (const path of documents) {
    for (const [, target = ""] of (await document(path)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const here = new URL(`../${path}`, import.meta.url);
      const url = file === "" ? here : new URL(file, here);
      const text = file === "" || file.endsWith(".md")
        ? await Deno.readTextFile(url)
        : (await Deno.lstat(url), "");
      if (anchor === undefined) continue;
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
        heading.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
      );
      assert.ok(headings.includes(anchor), `${path}: ${target}`);
    }
  }
});

Deno.test("docs/security.md: every test that it says watches a boundary is there, and has tests in it", async () => {
  const security = await document("docs/security.md");
  const named = [...new Set(security.match(/[\w/]+_test\.ts/g))];
  assert.ok(named.length > 10, "the document names its tests some other way now");
  for (const path of named) {
    assert.match(await document(path), /\b(Deno\.test|on[A-Z]\w+)\(/, path);
  }
});

Deno.test("docs/settings.md: it is what the schemas of the programs say", async () => {
  assert.equal(
    await document("docs/settings.md"),
    await settingsText(),
    "deno run -A conventions/settings_reference.ts writes it anew",
  );
  const settings = settingsIn(`  /** A port. */
  PORT: z.coerce.number()
    .min(1).default(3_000),
  /**
   * A secret of
   * two lines.
   */
  TOKEN: z.string(),
  /** A file. */
  FILE: z.string().includes("BEGIN", { message: "must begin" })
    .optional(),
`);
  assert.deepEqual(settings, [
    { name: "PORT", meaning: "A port.", otherwise: "`3000`" },
    { name: "TOKEN", meaning: "A secret of two lines.", otherwise: null },
    { name: "FILE", meaning: "A file.", otherwise: "-" },
  ]);
  assert.throws(() => settingsIn("  PORT: z.string(),\n"), /Nobody has described the setting PORT/);
});

Deno.test("docs/README.md: every document is in the index", async () => {
  const index = await document("docs/README.md");
  const documents = (await filesOfTree()).filter((path) => /^docs\/.*\.md$/.test(path));
  const missing = documents.map((path) => path.slice("docs/".length)).filter((name) =>
    !index.includes(`](${name}`)
  );
  assert.deepEqual(missing, ["README.md"]);
});

Deno.test("documents: every picture is a small PNG with a text beside it of what is on it, and is shown somewhere", async () => {
  const tree = await filesOfTree();
  const texts = await Promise.all(tree.filter((path) => path.endsWith(".md")).map(document));
  const pictures = tree.filter((path) => path.startsWith("docs/pictures/"));
  const named = pictures.filter((path) => path.endsWith(".png"));
  assert.ok(named.length > 0, "pictures lie somewhere else now");
  assert.deepEqual(
    pictures.toSorted(),
    named.flatMap((path) => [path, path.replace(/png$/, "txt")]).toSorted(),
  );
  for (const path of named) {
    const bytes = await Deno.readFile(new URL(`../${path}`, import.meta.url));
    assert.deepEqual([...bytes.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], path);
    assert.ok(bytes.length < 150_000, `${path} has ${bytes.length} bytes`);
    assert.ok(texts.some((text) => text.includes(`](${path})`)), `no document shows ${path}`);
  }
});
